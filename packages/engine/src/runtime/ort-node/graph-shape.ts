import type { InferenceSession } from 'onnxruntime-node';

import { EngineError } from '../../engine-error.ts';
import type { GraphNames, ModelFolder } from '../../folder/model-folder.ts';

export type CacheType = 'float32' | 'float16';

/** What the graph itself says about its inputs and outputs. */
export type GraphShape = {
  cacheType: CacheType;
  heads: number;
  headSize: number;
  hasPositionIds: boolean;
  vocabularySize: number;
  /** Keys and values of every layer in turn: the input's name and the output that continues it. */
  caches: readonly { past: string; present: string }[];
};

/** Reads the shape from the session and checks it against the folder: builds of one model differ. */
export function readGraphShape(session: InferenceSession, folder: ModelFolder): GraphShape {
  const { names } = folder;
  const layers = countLayers(session, names);
  if (layers === 0) {
    throw damaged(`has no input ${layerName(names.pastKey, 0)}; it was exported without a cache`);
  }
  if (folder.layers !== undefined && folder.layers !== layers) {
    throw damaged(`has ${layers} layers where the configuration says ${folder.layers}`);
  }

  const caches = Array.from({ length: layers }, (_, layer) => [
    { past: layerName(names.pastKey, layer), present: layerName(names.presentKey, layer) },
    { past: layerName(names.pastValue, layer), present: layerName(names.presentValue, layer) },
  ]).flat();
  const inputs = [names.inputIds, names.attentionMask, ...caches.map(({ past }) => past)];
  const outputs = [names.logits, ...caches.map(({ present }) => present)];
  const known = new Set([...inputs, names.positionIds]);
  for (const name of inputs) {
    if (!session.inputNames.includes(name)) throw damaged(`has no input ${name}`);
  }
  for (const name of outputs) {
    if (!session.outputNames.includes(name)) throw damaged(`has no output ${name}`);
  }
  for (const name of session.inputNames) {
    if (!known.has(name)) throw damaged(`wants an input ${name}, which is not of this family`);
  }

  const { type, shape } = tensorAt(session.inputMetadata, layerName(names.pastKey, 0));
  const [, heads, , headSize] = shape;
  if ((type !== 'float32' && type !== 'float16') || !isSize(heads) || !isSize(headSize)) {
    throw damaged(
      `has a cache of ${type} [${shape.join(', ')}]; expected float [batch, heads, past, size]`,
    );
  }
  const vocabularySize = tensorAt(session.outputMetadata, names.logits).shape.at(-1);
  if (!isSize(vocabularySize)) throw damaged('does not say the size of its logits');
  if (vocabularySize < folder.tokenizer.idCount) {
    throw damaged(
      `has ${vocabularySize} logits for the ${folder.tokenizer.idCount} ids of tokenizer.json; the files are of two models`,
    );
  }
  return {
    cacheType: type,
    heads,
    headSize,
    hasPositionIds: session.inputNames.includes(names.positionIds),
    vocabularySize,
    caches,
  };
}

function countLayers(session: InferenceSession, names: GraphNames): number {
  let layers = 0;
  while (session.inputNames.includes(layerName(names.pastKey, layers))) layers += 1;
  return layers;
}

function layerName(pattern: string, layer: number): string {
  return pattern.replace('%d', String(layer));
}

function tensorAt(metadata: readonly InferenceSession.ValueMetadata[], name: string) {
  const found = metadata.find((value) => value.name === name);
  if (found?.isTensor) return found;
  throw damaged(`has no tensor ${name}`);
}

function isSize(dimension: number | string | undefined): dimension is number {
  return typeof dimension === 'number' && dimension > 0;
}

function damaged(problem: string): EngineError {
  return new EngineError(
    'model',
    `The graph ${problem}. Give the folder of a Phi-3 family export, complete and unchanged.`,
  );
}
