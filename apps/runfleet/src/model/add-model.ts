import { access, mkdir, rename, rm, rmdir } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

import {
  type ConvertedGguf,
  EngineError,
  type EngineFacts,
  openEngine,
  readPrecision,
} from '@runfleet/engine';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { claimName } from './claim-name.ts';
import { convertWeights } from './convert-weights.ts';
import { copyFolder } from './copy-folder.ts';
import { fetchHubModel } from './fetch-hub-model.ts';
import { fetchWeights } from './fetch-weights.ts';
import { listHubFiles } from './hub.ts';
import { modelOfWeights } from './known-weights.ts';
import { type ModelContext, modelsFolder } from './model-context.ts';
import { type ModelRecord, type RecordedFile, writeModelRecord } from './model-record.ts';
import { describeSource, type ModelSource } from './model-source.ts';

export type AddModel = {
  source: ModelSource;
  name: string;
  /** Links to a folder's files instead of copying them. */
  isLinked: boolean;
  /** False skips opening the model, for a machine with too little memory. */
  isChecked: boolean;
  /** Writes a graph that rounds activations to 8 bits. Only for weights that are converted. */
  isFast: boolean;
  onProgress: BytesProgress;
  /** Names a step that has no bytes to count. */
  onStep: (step: string) => void;
};

export type AddedModel = {
  name: string;
  dir: string;
  sizeBytes: number;
  record: ModelRecord;
  /** What became of the weights, if they were converted. */
  converted?: ConvertedGguf;
};

/**
 * Adds a model to RUNFLEET_HOME/models as `name`. The work happens in the folder `.adding` next to it,
 * where an interrupted download stays for the next try. `name` appears only when every checksum is
 * right and the engine has opened the folder.
 */
export async function addModel(ctx: ModelContext, request: AddModel): Promise<AddedModel> {
  const { source, name } = request;
  const dir = join(modelsFolder(ctx), name);
  const adding = join(modelsFolder(ctx), '.adding');
  const work = join(adding, name);
  await refuseTaken(dir, name);
  await mkdir(work, { recursive: true });
  // A failed try leaves only what the next one can use.
  await using _adding = removedIfEmpty(adding);
  await using _claim = await claimName(`${work}.lock`, name);
  await using _work = removedIfEmpty(work);

  const { files, ...origin } = await bring(ctx, request, work);

  request.onStep('reading the graph');
  const precision = await readPrecision(join(work, graphOf(files)));
  let contextLength: number | null = null;
  if (request.isChecked) {
    request.onStep('opening it with the engine');
    contextLength = (await openOnce(work, source.kind !== 'folder')).contextLength;
  }
  const record: ModelRecord = {
    source: origin.source,
    ...(origin.model !== undefined && { model: origin.model }),
    addedAt: new Date().toISOString(),
    precision,
    contextLength,
    files,
  };
  await writeModelRecord(work, record);
  await refuseTaken(dir, name);
  await rename(work, dir);
  await rm(downloadsOf(work), { recursive: true, force: true });
  const sizeBytes = files.reduce((sum, each) => sum + each.sizeBytes, 0);
  return { name, dir, sizeBytes, record, ...(origin.converted && { converted: origin.converted }) };
}

type Brought = {
  files: RecordedFile[];
  source: ModelRecord['source'];
  model?: string;
  converted?: ConvertedGguf;
};

/** Brings the files of the model into `work`. */
async function bring(ctx: ModelContext, request: AddModel, work: string): Promise<Brought> {
  const { source, isLinked, onProgress, onStep } = request;
  switch (source.kind) {
    case 'hub': {
      onStep(`asking the hub for the files of ${source.id}`);
      const files = await fetchHubModel(ctx, await listHubFiles(ctx, source), work, onProgress);
      return { files, source: { ...source, url: ctx.hubUrl } };
    }
    case 'folder': {
      onStep('reading the folder');
      const files = await copyFolder(source.path, work, isLinked, onProgress);
      return { files, source: { ...source, isLinked } };
    }
    case 'weights': {
      const downloads = { source, work: downloadsOf(work), onProgress, onStep };
      const { path, sha256 } = await fetchWeights(ctx, downloads);
      onStep('converting the weights');
      const written = await convertWeights(path, work, request.isFast, onProgress);
      const model = modelOfWeights(sha256);
      const from = { kind: 'weights', from: describeSource(source), sha256 } as const;
      return { ...written, source: from, ...(model !== undefined && { model }) };
    }
  }
}

/** A folder that has contents, or is gone, is left as it is. */
function removedIfEmpty(folder: string): AsyncDisposable {
  return { [Symbol.asyncDispose]: () => rmdir(folder).catch(() => undefined) };
}

/** Where downloaded weights stay until their model is added. */
const downloadsOf = (work: string): string => `${work}.weights`;

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
