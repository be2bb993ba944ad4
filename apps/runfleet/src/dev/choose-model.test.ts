import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as base } from 'vitest';

import { writeNameInUse } from '../model/model-in-use.ts';
import { chooseModel } from './choose-model.ts';
import { Progress } from './progress.ts';

const test = base.extend('home', async ({}, { onCleanup }) => {
  const home = await mkdtemp(join(tmpdir(), 'choose-model-'));
  onCleanup(() => rm(home, { recursive: true, force: true }));
  return home;
});

test.for([
  ['demo', 'the small demo model, not Phi-3.5 itself'],
  ['own', join('models', 'own')],
] as const)('a chosen %s model is described as %s', async ([name, description], { home }) => {
  await mkdir(join(home, 'models', name), { recursive: true });
  await writeNameInUse(home, name);
  const config = { ENGINE: 'onnx', RUNFLEET_HOME: home } as const;
  await expect(chooseModel(config, new Progress())).resolves.toMatchObject({
    dir: join(home, 'models', name),
    description: expect.stringContaining(description),
  });
});
