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

/** An input of exports for transformers.js, and of converted GGUF files. */
export const LOGITS_TO_KEEP = 'num_logits_to_keep';

/** The shape of the graph, from its inputs and outputs. */
export type GraphShape = {
  cacheType: CacheType;
  logitsType: CacheType;
  heads: number;
  headSize: number;
  hasPositionIds: boolean;
  /**
   * The dimensions of the input that says how many of a run's last logits to compute; undefined if
   * all are.
   */
  logitsToKeep: readonly 1[] | undefined;
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
  const known = new Set([...inputs, names.positionIds, LOGITS_TO_KEEP]);
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

  for (const { name, type } of graph.inputs) {
    const { inputIds, attentionMask, positionIds } = names;
    const isIds = [inputIds, attentionMask, positionIds, LOGITS_TO_KEEP].includes(name);
    if (isIds && type !== 'int64') {
      throw unsupported(`takes ${name} as ${type}; only int64 is supported`);
    }
  }
  const cache = readCacheShape(graph, caches, folder);
  const { type: logitsType, shape } = tensorAt(graph.outputs, names.logits);
  if (!isFloat(logitsType)) {
    throw unsupported(`returns logits of ${logitsType}; only float32 and float16 are supported`);
  }
  const vocabularySize = shape.at(-1);
  if (!isSize(vocabularySize)) throw damaged('does not give the size of its logits');
  const { idCount } = folder.tokenizer;
  if (vocabularySize < idCount) {
    throw foreign(`has ${vocabularySize} logits for the ${idCount} ids of tokenizer.json`);
  }
  const { embeddingRows = vocabularySize } = folder;
  if (embeddingRows < vocabularySize) {
    throw foreign(
      `has embeddings for ${embeddingRows} ids, but logits for ${vocabularySize}, so it could not read its own answer`,
    );
  }
  return {
    ...cache,
    logitsType,
    hasPositionIds: inputNames.includes(names.positionIds),
    logitsToKeep: readLogitsToKeep(graph),
    vocabularySize,
    caches,
  };
}

/** One number: a scalar, or the only element of a list. */
function readLogitsToKeep({ inputs }: GraphDescription): readonly 1[] | undefined {
  const { shape } = inputs.find(({ name }) => name === LOGITS_TO_KEEP) ?? {};
  return shape?.map((size) => {
    if (size === undefined || size === 1) return 1;
    throw unsupported(`takes ${size} numbers as ${LOGITS_TO_KEEP}; expected one`);
  });
}

/** Every layer's keys and values have the same type and sizes. */
function readCacheShape(
  graph: GraphDescription,
  caches: GraphShape['caches'],
  folder: Pick<ModelFolder, 'heads' | 'headSize'>,
): Pick<GraphShape, 'cacheType' | 'heads' | 'headSize'> {
  const [first, ...others] = caches.map(({ past }) => {
    const { type, shape } = tensorAt(graph.inputs, past);
    const [, heads = folder.heads, , headSize = folder.headSize] = shape;
    const text = `${type} [${shape.map((size) => size ?? '?').join(', ')}]`;
    if (!isFloat(type)) {
      throw unsupported(`has a cache ${past} of ${text}; only float32 and float16 are supported`);
    }
    if (shape.length !== 4) {
      throw unsupported(`has a cache ${past} of ${text}; expected [batch, heads, past, size]`);
    }
    if (!isSize(heads) || !isSize(headSize)) {
      throw new EngineError(
        'model',
        `The graph leaves the size of its cache open (${past} is ${text}), and no configuration states it. Copy the genai_config.json of the folder; it contains head_size and num_key_value_heads.`,
      );
    }
    return { past, text, cacheType: type, heads, headSize };
  });
  if (!first) throw damaged('has no cache');
  for (const { past, text, cacheType, heads, headSize } of others) {
    if (cacheType === first.cacheType && heads === first.heads && headSize === first.headSize)
      continue;
    throw unsupported(`has a cache ${past} of ${text} beside ${first.past} of ${first.text}`);
  }
  // A size that the graph states must be that of the configuration, or one of them is wrong.
  for (const [name, stated] of [
    ['heads', folder.heads],
    ['headSize', folder.headSize],
  ] as const) {
    if (stated === undefined || stated === first[name]) continue;
    throw foreign(
      `has a cache ${first.past} of ${first.text}, but the configuration states ${folder.heads} heads of ${folder.headSize}`,
    );
  }
  const { cacheType, heads, headSize } = first;
  return { cacheType, heads, headSize };
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

function isFloat(type: string): type is CacheType {
  return type === 'float32' || type === 'float16';
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

/** A graph that is whole, but of a form that this engine does not run. */
function unsupported(problem: string): EngineError {
  return new EngineError('model', `The graph ${problem}. Choose another build of the model.`);
}

/** Files that do not fit together. */
function foreign(problem: string): EngineError {
  return new EngineError(
    'model',
    `The graph ${problem}; the files belong to different models. Copy the model folder again, complete and unchanged.`,
  );
}
