import { access, constants, mkdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { machineEnvironment } from './machine-environment.ts';

/**
 * The folder for fetched or copied programs: in this user's cache, so that every checkout and start
 * finds them, also without a network. `otherwise` if this user has no cache folder.
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
    // The user has no home, or may not write to it.
    return otherwise;
  }
}
