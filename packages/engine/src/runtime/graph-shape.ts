import { EngineError } from '../engine-error.ts';
import type { GraphNames } from '../folder/model-config.ts';
import type { ModelFolder } from '../folder/model-folder.ts';

/** An input or output of a session; dimensions that the graph leaves open are undefined. */
export type TensorDescription = {
  name: string;
  type: string;
  shape: readonly (number | undefined)[];
};

export type GraphDescription = {
  inputs: readonly TensorDescription[];
  outputs: readonly TensorDescription[];
};

export type CacheType = 'float32' | 'float16';

/** The shape of the graph, from its inputs and outputs. */
export type GraphShape = {
  cacheType: CacheType;
  heads: number;
  headSize: number;
  hasPositionIds: boolean;
  vocabularySize: number;
  /** Keys and values of each layer in turn: the input's name and the output that continues it. */
  caches: readonly { past: string; present: string }[];
};

/**
 * Reads the shape from a session's inputs and outputs and checks it against the folder, because
 * builds of one model differ.
 */
export function readGraphShape(graph: GraphDescription, folder: ModelFolder): GraphShape {
  const { names } = folder;
  const inputNames = graph.inputs.map(({ name }) => name);
  const outputNames = graph.outputs.map(({ name }) => name);
  const layers = countLayers(inputNames, names);
  if (layers === 0) {
    throw damaged(`has no input ${layerName(names.pastKey, 0)}; it was exported without a cache`);
  }
  if (folder.layers !== undefined && folder.layers !== layers) {
    throw damaged(`has ${layers} layers but the configuration has ${folder.layers}`);
  }

  const caches = Array.from({ length: layers }, (_, layer) => [
    { past: layerName(names.pastKey, layer), present: layerName(names.presentKey, layer) },
    { past: layerName(names.pastValue, layer), present: layerName(names.presentValue, layer) },
  ]).flat();
  const inputs = [names.inputIds, names.attentionMask, ...caches.map(({ past }) => past)];
  const outputs = [names.logits, ...caches.map(({ present }) => present)];
  const known = new Set([...inputs, names.positionIds]);
  for (const name of inputs) {
    if (!inputNames.includes(name)) throw damaged(`has no input ${name}`);
  }
  for (const name of outputs) {
    if (!outputNames.includes(name)) throw damaged(`has no output ${name}`);
  }
  for (const name of inputNames) {
    if (!known.has(name))
      throw damaged(`needs an input ${name}, which this model family does not have`);
  }

  const { type, shape } = tensorAt(graph.inputs, layerName(names.pastKey, 0));
  const [, heads, , headSize] = shape;
  if ((type !== 'float32' && type !== 'float16') || !isSize(heads) || !isSize(headSize)) {
    throw damaged(
      `has a cache of ${type} [${shape.map((size) => size ?? '?').join(', ')}]; expected float [batch, heads, past, size]`,
    );
  }
  const vocabularySize = tensorAt(graph.outputs, names.logits).shape.at(-1);
  if (!isSize(vocabularySize)) throw damaged('does not give the size of its logits');
  if (vocabularySize < folder.tokenizer.idCount) {
    throw damaged(
      `has ${vocabularySize} logits for the ${folder.tokenizer.idCount} ids of tokenizer.json; the files belong to different models`,
    );
  }
  return {
    cacheType: type,
    heads,
    headSize,
    hasPositionIds: inputNames.includes(names.positionIds),
    vocabularySize,
    caches,
  };
}

function countLayers(inputNames: readonly string[], names: GraphNames): number {
  let layers = 0;
  while (inputNames.includes(layerName(names.pastKey, layers))) layers += 1;
  return layers;
}

function layerName(pattern: string, layer: number): string {
  return pattern.replace('%d', String(layer));
}

function tensorAt(tensors: readonly TensorDescription[], name: string): TensorDescription {
  const found = tensors.find((tensor) => tensor.name === name);
  if (found) return found;
  throw damaged(`has no tensor ${name}`);
}

function isSize(dimension: number | undefined): dimension is number {
  return dimension !== undefined && dimension > 0;
}

function damaged(problem: string): EngineError {
  return new EngineError(
    'model',
    `The graph ${problem}. Copy the model folder again, complete and unchanged.`,
  );
}
