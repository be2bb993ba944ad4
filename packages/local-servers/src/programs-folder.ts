import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { machineEnvironment } from './machine-environment.ts';

/**
 * Where programs are kept that were fetched or copied: beside this user's other caches, so that
 * every checkout and every start finds them, also without a network. Where this user has no such
 * place, `otherwise`.
 */
export async function programsFolder(otherwise: string): Promise<string> {
  try {
    const folder = join(
      machineEnvironment['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
      'runfleet',
    );
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await access(folder, constants.W_OK);
    return folder;
  } catch {
    // A user without a home, or one that may not write there.
    return otherwise;
  }
}
