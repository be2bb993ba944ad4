import { join } from 'node:path';

import { buildModelFolder } from '@runfleet/engine';

import { readModelInUse } from '../model/model-in-use.ts';
import type { Progress } from './progress.ts';

/** What `npm start` serves: a folder (none for the echo engine), and what to tell people about it. */
export type ChosenModel = { dir: string; description: string };

/** MODEL_DIR, else what `runfleet model use` named, else the test model, which is built where it is missing. */
export async function chooseModel(
  config: { ENGINE: 'onnx' | 'echo'; MODEL_DIR?: string | undefined; RUNFLEET_HOME: string },
  progress: Progress,
): Promise<ChosenModel> {
  if (config.ENGINE === 'echo') {
    return { dir: '', description: 'the echo engine, which repeats the prompt' };
  }
  const named = config.MODEL_DIR ?? (await readModelInUse(config.RUNFLEET_HOME));
  if (named !== null) return { dir: named, description: named };
  const { dir } = await progress.step('Test model', () =>
    buildModelFolder(join(config.RUNFLEET_HOME, 'models', 'tiny')),
  );
  return {
    dir,
    description: 'a tiny test model that babbles; `npm run runfleet -- model add` brings a real one',
  };
}
