import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterAll } from 'vitest';

import { type BuildOptions, buildModelFolder } from '../builder/build-model-folder.ts';
import { TINY_MODEL } from '../builder/model-size.ts';

/** Builds a model folder that is gone when the file's tests are over. */
export async function tinyFolder(options: BuildOptions = {}): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'runfleet-engine-'));
  afterAll(async () => await rm(parent, { recursive: true, force: true }));
  const dir = join(parent, 'model');
  await buildModelFolder(dir, { ...TINY_MODEL, ...options });
  return dir;
}
