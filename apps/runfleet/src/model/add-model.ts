import { access, mkdir, rename, rm } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import { EngineError, type EngineFacts, openEngine } from '@runfleet/engine';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { claimName } from './claim-name.ts';
import { copyFolder } from './copy-folder.ts';
import { fetchHubModel } from './fetch-hub-model.ts';
import { listHubFiles } from './hub.ts';
import { type ModelContext, modelsFolder } from './model-context.ts';
import { type ModelRecord, type RecordedFile, writeModelRecord } from './model-record.ts';
import type { ModelSource } from './model-source.ts';
import { readPrecision } from './read-precision.ts';

export type AddModel = {
  source: ModelSource;
  name: string;
  /** Links to a folder's files instead of copying them. */
  isLinked: boolean;
  /** False skips opening the model, for a machine with too little memory. */
  isChecked: boolean;
  onProgress: BytesProgress;
  /** Names a step that has no bytes to count. */
  onStep: (step: string) => void;
};

export type AddedModel = { name: string; dir: string; sizeBytes: number; record: ModelRecord };

/**
 * Adds a model to RUNFLEET_HOME/models as `name`. The work happens in the folder `.adding` next to it,
 * where an interrupted download stays for the next try. `name` appears only when every checksum is
 * right and the engine has opened the folder.
 */
export async function addModel(ctx: ModelContext, request: AddModel): Promise<AddedModel> {
  const { source, name, isLinked } = request;
  const dir = join(modelsFolder(ctx), name);
  const adding = join(modelsFolder(ctx), '.adding');
  const work = join(adding, name);
  await refuseTaken(dir, name);
  await mkdir(work, { recursive: true });
  await using _claim = await claimName(`${work}.lock`, name);

  request.onStep(
    source.kind === 'hub' ? `asking the hub for the files of ${source.id}` : 'reading the folder',
  );
  const files =
    source.kind === 'hub'
      ? await fetchHubModel(ctx, await listHubFiles(ctx, source), work, request.onProgress)
      : await copyFolder(source.path, work, isLinked, request.onProgress);

  request.onStep('reading the graph');
  const precision = await readPrecision(join(work, graphOf(files)));
  let contextLength: number | null = null;
  if (request.isChecked) {
    request.onStep('opening it with the engine');
    contextLength = (await openOnce(work, source.kind === 'hub')).contextLength;
  }
  const record: ModelRecord = {
    source: source.kind === 'hub' ? { ...source, url: ctx.hubUrl } : { ...source, isLinked },
    addedAt: new Date().toISOString(),
    precision,
    contextLength,
    files,
  };
  await writeModelRecord(work, record);
  await refuseTaken(dir, name);
  await rename(work, dir);
  return { name, dir, sizeBytes: files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0), record };
}

async function refuseTaken(dir: string, name: string): Promise<void> {
  const isTaken = await access(dir).then(
    () => true,
    () => false,
  );
  if (!isTaken) return;
  throw new Error(
    `A model named ${name} exists already. Choose another name with --name, or run "runfleet model remove ${name}" first.`,
  );
}

function graphOf(files: readonly RecordedFile[]): string {
  const graphs = files.map(({ path }) => path).filter((path) => path.endsWith('.onnx'));
  return graphs.find((path) => path === 'model.onnx') ?? graphs[0] ?? 'model.onnx';
}

/** Opens the folder with the engine, the only reliable check. Downloaded files stay for the next try. */
async function openOnce(work: string, isFetched: boolean): Promise<EngineFacts> {
  try {
    await using engine = await openEngine({
      kind: 'onnx',
      modelDir: work,
      provider: 'cpu',
      slots: 1,
      threads: Math.min(2, availableParallelism()),
    });
    return engine.facts;
  } catch (error) {
    if (!isFetched) await rm(work, { recursive: true, force: true });
    if (!(error instanceof EngineError)) throw error;
    const next =
      error.kind === 'infra'
        ? ' If this machine has too little memory, add the model without opening it: --no-check.'
        : '';
    throw new Error(`The model was not added: the engine cannot open it. ${error.message}${next}`, {
      cause: error,
    });
  }
}
