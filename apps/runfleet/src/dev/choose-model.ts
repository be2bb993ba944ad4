import { join, resolve } from 'node:path';

import { buildDemoModelFolder } from '@runfleet/engine';

import { asTyped } from '../cli/as-typed.ts';
import { readModelInUse } from '../model/model-in-use.ts';
import { readModelRecord } from '../model/model-record.ts';
import type { Progress } from './progress.ts';

/** What `npm start` serves. */
export type ChosenModel = {
  /** Empty for the echo engine. */
  dir: string;
  /** The model of the catalogue that it is served as. */
  model: string;
  /** For people. */
  description: string;
};

/** Folders that are not known to be another model are served as this one. */
const USUAL_MODEL = 'microsoft/Phi-3.5-mini-instruct';

const DEMO = asTyped(
  'the small demo model, not Phi-3.5 itself; `runfleet model add smollm2` adds real weights',
);

/** MODEL_DIR, else the choice of `runfleet model use`, else the demo model, built if it is missing. */
export async function chooseModel(
  config: {
    ENGINE: 'onnx' | 'echo';
    MODEL_DIR?: string | undefined;
    WORKER_MODEL?: string | undefined;
    RUNFLEET_HOME: string;
  },
  progress: Progress,
): Promise<ChosenModel> {
  const model = config.WORKER_MODEL ?? USUAL_MODEL;
  if (config.ENGINE === 'echo') {
    return { dir: '', model, description: 'the echo engine, which repeats the prompt' };
  }
  const dir = config.MODEL_DIR ?? (await readModelInUse(config.RUNFLEET_HOME));
  const demoDir = join(config.RUNFLEET_HOME, 'models', 'demo');
  if (dir !== null) {
    const record = await readModelRecord(dir);
    if (record === null && resolve(dir) === resolve(demoDir)) {
      return { dir, model, description: DEMO };
    }
    const known = config.WORKER_MODEL ?? record?.model;
    return known === undefined
      ? { dir, model, description: dir }
      : { dir, model: known, description: `${known}, in ${dir}` };
  }
  const demo = await progress.step('Demo model', () => buildDemoModelFolder(demoDir));
  return { dir: demo.dir, model, description: DEMO };
}
