import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export type Command = readonly [program: string, ...args: string[]];

/** How a sample is tried: with the programs of a machine, and with what a registry has. */
export type ToolChain = {
  /** Programs that must be installed. */
  programs: readonly string[];
  /** Downloads what else is needed into a folder, once. */
  fetch?: (folder: string) => Promise<void>;
  /** What `fetch` downloads, with versions. */
  fetched?: readonly string[];
  /** The command that prints the version. */
  version: Command;
  /** Compiles or checks the saved file; throws what the compiler printed. */
  build?: (file: string, folder: string) => Promise<unknown>;
  /** Starts the program. Without it the sample is only read by a parser. */
  start?: (file: string, folder: string) => { command: Command; env?: Record<string, string> };
};

/** A folder below `home` with what the chain downloads; the second time it is there already. */
export async function fetchOnce(
  home: string,
  language: string,
  { fetch }: ToolChain,
): Promise<string> {
  const folder = join(home, language);
  const done = join(folder, 'fetched');
  if (fetch === undefined || existsSync(done)) return folder;
  await mkdir(folder, { recursive: true });
  await fetch(folder);
  await writeFile(done, '');
  return folder;
}
