import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Where Debian puts servers, which an ordinary user's PATH leaves out. */
const SERVERS = '/usr/sbin';

/** The path of an installed program; null where it is not there. */
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

/** For the title of a test that needs a program: says that it is skipped where the program is not there. */
export function orSkipped(name: string): string {
  return findProgram(name) === null ? ` (skipped: ${name} is not installed)` : '';
}
