import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Those of the programs that the machine lacks. A test that needs them is skipped there, and says so
 * in its title; its law has a second test that needs Node alone.
 */
export function missingPrograms(...names: string[]): string[] {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return names.filter((name) => !folders.some((folder) => isExecutable(join(folder, name))));
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
