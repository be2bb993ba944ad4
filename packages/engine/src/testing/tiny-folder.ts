import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';

import { type BuildOptions, buildModelFolder } from '../builder/build-model-folder.ts';

const parent = await mkdtemp(join(tmpdir(), 'runfleet-engine-'));
let folders = 0;
afterAll(async () => await rm(parent, { recursive: true, force: true }));

/** Builds a model folder named `model`, which is removed after the file's tests. */
export async function tinyFolder(options: BuildOptions = {}): Promise<string> {
  folders += 1;
  const dir = join(parent, String(folders), 'model');
  await buildModelFolder(dir, options);
  return dir;
}
