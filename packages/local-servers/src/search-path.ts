import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { machineEnvironment } from './machine-environment.ts';

/** The folders of the PATH, in order. */
export function searchPath(): string[] {
  return (machineEnvironment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** The first folder that holds all of the programs, or undefined. */
export function folderWith(programs: string[], folders: string[]): string | undefined {
  return folders.find((folder) => programs.every((program) => isProgram(join(folder, program))));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // The file does not exist, or this user may not run it.
    return false;
  }
}
