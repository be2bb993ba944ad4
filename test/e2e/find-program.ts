import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Debian's folder for servers, which is not in an ordinary user's PATH. */
const SERVERS = '/usr/sbin';

/** The path of an installed program, or null. */
export function findProgram(name: string): string | null {
  for (const folder of [...(process.env['PATH'] ?? '').split(':'), SERVERS]) {
    try {
      const path = join(folder || '.', name);
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return null;
}

/** A suffix for the title of a test that needs a program, which explains a skip if it is not installed. */
export function orSkipped(name: string): string {
  return findProgram(name) === null ? ` (skipped: ${name} is not installed)` : '';
}
