import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

import { machineEnvironment } from './machine-environment.ts';

/** The folders that programs of this machine lie in, in the order in which they are preferred. */
export function searchPath(): string[] {
  return (machineEnvironment['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
}

/** The first folder that holds every one of the programs, or undefined. */
export function folderWith(programs: string[], folders: string[]): string | undefined {
  return folders.find((folder) => programs.every((program) => isProgram(join(folder, program))));
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    // Not there, or not for us.
    return false;
  }
}
