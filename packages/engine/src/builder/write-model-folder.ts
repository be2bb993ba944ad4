import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { readJson } from '../folder/read-json.ts';
import { checkModelSize, type ModelSize } from './model-size.ts';
import type { BuiltTokenizer } from './phi3/build-tokenizer.ts';
import { folderConfigs } from './phi3/folder-configs.ts';
import { phiGraph } from './phi3/phi-graph.ts';
import type { PhiWeights } from './phi3/phi-weights.ts';
import { INLINE_TENSORS, TensorFile } from './tensor-file.ts';

/** What a folder is written from. */
export type WeightSource = {
  /** Differs if the same size would give other files. */
  fingerprint: string;
  /** Called only if there is something to write. */
  open(): { built: BuiltTokenizer; weights: PhiWeights };
};

export type FolderLayout = {
  /**
   * `published`: model.onnx beside the configurations. `transformers`: onnx/model.onnx, for
   * transformers.js.
   */
  layout?: 'published' | 'transformers';
  /** Weights above this size go to model.onnx.data; a protobuf file cannot exceed 2 GB. */
  inlineBytesMax?: number;
};

export type BuiltFolder = {
  dir: string;
  /** False if the same model already existed. */
  isBuilt: boolean;
  size: ModelSize;
  parameters: number;
};

const STAMP_FILE = 'runfleet-model.json';
// Raise this with every change to the files, so that older folders are rebuilt.
const FORMAT = 1;
const INLINE_BYTES_MAX = 64 * 2 ** 20;
/** Attempts to move the folder into place while other processes do the same. */
const TRIES_MAX = 10;

/**
 * Writes a complete model folder in the published form. The folder appears as a whole or not at
 * all, even if several processes write it at once, and is kept if it already holds the same model.
 * Throws if `dir` holds anything that this function did not write.
 */
export async function writeModelFolder(
  dir: string,
  size: ModelSize,
  source: WeightSource,
  { layout = 'published', inlineBytesMax = INLINE_BYTES_MAX }: FolderLayout = {},
): Promise<BuiltFolder> {
  checkModelSize(size);
  const path = resolve(dir);
  const parameters = countParameters(size);
  const stamp = createHash('sha256')
    .update(JSON.stringify([FORMAT, size, layout, inlineBytesMax, source.fingerprint]))
    .digest('hex');

  if ((await readStamp(path)) === stamp) return { dir: path, isBuilt: false, size, parameters };
  await refuseForeignFolder(path);

  const work = `${path}.building-${randomUUID()}`;
  try {
    const isInline = parameterBytes(size) <= inlineBytesMax;
    await writeFiles(work, size, source, { layout, isInline });
    await writeStamp(work, stamp, size);
    const isOurs = await replaceFolder(work, path, stamp);
    return { dir: path, isBuilt: isOurs, size, parameters };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Weights in all matrices and norms. */
function countParameters(size: ModelSize): number {
  const { hiddenSize, intermediateSize, layers, vocabularySize } = size;
  const layer = 4 * hiddenSize ** 2 + 3 * hiddenSize * intermediateSize + 2 * hiddenSize;
  return layers * layer + 2 * vocabularySize * hiddenSize + hiddenSize;
}

function parameterBytes(size: ModelSize): number {
  return countParameters(size) * { fp32: 4, fp16: 2, int4: 0.625 }[size.precision];
}

async function writeFiles(
  work: string,
  size: ModelSize,
  source: WeightSource,
  options: { layout: 'published' | 'transformers'; isInline: boolean },
): Promise<void> {
  const graphDir = options.layout === 'published' ? work : join(work, 'onnx');
  await mkdir(graphDir, { recursive: true });
  const { built, weights } = source.open();
  for (const [name, json] of Object.entries(folderConfigs(size, built))) {
    await writeFile(join(work, name), `${JSON.stringify(json, undefined, 1)}\n`);
  }

  const graphPath = join(graphDir, 'model.onnx');
  if (options.isInline) {
    await writeFile(graphPath, Buffer.concat(phiGraph(size, weights, INLINE_TENSORS).chunks));
    return;
  }
  const data = new TensorFile(`${graphPath}.data`, 'model.onnx.data');
  try {
    await writeFile(graphPath, Buffer.concat(phiGraph(size, weights, data).chunks));
  } finally {
    data.close();
  }
}

type Stamp = { stamp: string; files: Record<string, number> };

async function writeStamp(work: string, stamp: string, size: ModelSize): Promise<void> {
  const content = { stamp, size, files: await fileSizes(work) };
  await writeFile(join(work, STAMP_FILE), `${JSON.stringify(content, undefined, 1)}\n`);
}

/** The stamp of a folder whose files all have their full length. */
async function readStamp(path: string): Promise<string | undefined> {
  const content = await readJson(join(path, STAMP_FILE)).catch(() => undefined);
  if (typeof content?.['stamp'] !== 'string' || typeof content['files'] !== 'object')
    return undefined;
  const { stamp, files }: Stamp = { stamp: content['stamp'], files: { ...content['files'] } };
  // The folder may be replaced at the same time.
  const found = (await fileSizes(path).catch(ignoreMissing)) ?? {};
  const isWhole = Object.entries(files).every(([name, bytes]) => found[name] === bytes);
  return isWhole ? stamp : undefined;
}

async function fileSizes(path: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of await readdir(path, { recursive: true })) {
    const entry = await stat(join(path, name));
    if (entry.isFile()) sizes[name] = entry.size;
  }
  return sizes;
}

async function refuseForeignFolder(path: string): Promise<void> {
  const names = await readdir(path).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  if (names.length === 0 || names.includes(STAMP_FILE)) return;
  throw new Error(`${path} holds files that are not a built model; choose another folder.`);
}

/** False if another process put the same model there first. */
async function replaceFolder(work: string, path: string, stamp: string): Promise<boolean> {
  for (let left = TRIES_MAX; ; left -= 1) {
    if ((await readStamp(path)) === stamp) return false;
    const old = `${path}.replaced-${randomUUID()}`;
    await rename(path, old).catch(ignoreMissing);
    try {
      await rename(work, path);
      return true;
    } catch (error) {
      // Renaming onto a folder fails unless it is empty: another process was faster.
      if (left === 0) throw error;
    } finally {
      await rm(old, { recursive: true, force: true });
    }
  }
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
