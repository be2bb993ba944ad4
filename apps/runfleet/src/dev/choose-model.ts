import { join } from 'node:path';

import { buildDemoModelFolder } from '@runfleet/engine';

import { readModelInUse } from '../model/model-in-use.ts';
import type { Progress } from './progress.ts';

/** What `npm start` serves: a folder (empty for the echo engine) and a description for people. */
export type ChosenModel = { dir: string; description: string };

/** MODEL_DIR, else the choice of `runfleet model use`, else the demo model, built if it is missing. */
export async function chooseModel(
  config: { ENGINE: 'onnx' | 'echo'; MODEL_DIR?: string | undefined; RUNFLEET_HOME: string },
  progress: Progress,
): Promise<ChosenModel> {
  if (config.ENGINE === 'echo') {
    return { dir: '', description: 'the echo engine, which repeats the prompt' };
  }
  const named = config.MODEL_DIR ?? (await readModelInUse(config.RUNFLEET_HOME));
  if (named !== null) return { dir: named, description: named };
  const { dir } = await progress.step('Demo model', () =>
    buildDemoModelFolder(join(config.RUNFLEET_HOME, 'models', 'demo')),
  );
  return {
    dir,
    description:
      'the small demo model, not Phi-3.5 itself; `npm run runfleet -- model add` adds real weights',
  };
}
