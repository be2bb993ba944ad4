import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';

import { processIdentity, runningPid } from '@runfleet/local-servers';

import { modelsFolder } from './model-context.ts';

const noteOf = (name: string) => `.served-${name}-`;

/**
 * Records in RUNFLEET_HOME/models, until it is disposed, that this process serves the model in `dir`, if
 * `dir` is in that folder. The record of a crashed process is ignored.
 */
export async function noteServed(home: string, dir: string): Promise<AsyncDisposable> {
  const folder = resolve(modelsFolder({ home }));
  if (dirname(resolve(dir)) !== folder) return { [Symbol.asyncDispose]: async () => {} };
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${noteOf(basename(dir))}${process.pid}`);
  await writeFile(path, processIdentity(process.pid) ?? String(process.pid));
  return { [Symbol.asyncDispose]: () => rm(path, { force: true }) };
}

/** The pid of a process that serves the model; undefined if there is none. */
export async function servingPid(home: string, name: string): Promise<number | undefined> {
  const folder = modelsFolder({ home });
  for (const file of await readdir(folder)) {
    if (!file.startsWith(noteOf(name))) continue;
    if (!/^\d+$/u.test(file.slice(noteOf(name).length))) continue;
    const pid = runningPid(await readFile(join(folder, file), 'utf8').catch(() => ''));
    if (pid !== undefined) return pid;
    await rm(join(folder, file), { force: true });
  }
  return undefined;
}
