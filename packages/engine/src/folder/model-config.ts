import { access, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { familyOf } from '../families/index.ts';
import type { ContextLengths, ModelFamily } from '../families/model-family.ts';
import { type GraphFacts, readGraphFacts } from './graph-facts.ts';
import { asCount, readJson, recordAt } from './read-json.ts';

/** The names of the graph's inputs and outputs; `%d` is the layer. */
export type GraphNames = {
  inputIds: string;
  attentionMask: string;
  positionIds: string;
  pastKey: string;
  pastValue: string;
  logits: string;
  presentKey: string;
  presentValue: string;
};

/**
 * What the configuration files of a folder and the outline of its graph state about the graph;
 * undefined if they do not.
 */
export type ModelConfig = ContextLengths & {
  family: ModelFamily;
  graphPath: string;
  names: GraphNames;
  layers: number | undefined;
  /** Heads of the cache: keys and values may have fewer heads than queries. */
  heads: number | undefined;
  headSize: number | undefined;
  /** Heads of queries, several of which share a head of the cache. */
  queryHeads: number | undefined;
  /** The width of the feed-forward's activations. */
  intermediateSize: number | undefined;
  /** Ids that the graph has an embedding for. */
  embeddingRows: number | undefined;
  /** The element type of the graph's caches. */
  cacheType: GraphFacts['cacheType'];
  /** The ids that end an answer. */
  eosIds: readonly number[];
};

/**
 * Reads `genai_config.json` and `config.json` of a published folder; one of them is enough. Throws
 * `EngineError('model')` if both or the graph are missing, or if the family is not supported.
 */
export async function readModelConfig(dir: string): Promise<ModelConfig> {
  const [genai, config, generation] = await Promise.all([
    readJson(join(dir, 'genai_config.json')),
    readJson(join(dir, 'config.json')),
    readJson(join(dir, 'generation_config.json')),
  ]);
  if (!genai && !config) {
    await requireFolder(dir);
    throw incomplete(dir, 'genai_config.json or config.json');
  }

  const model = recordAt(genai, 'model');
  const decoder = recordAt(model, 'decoder');
  const family = familyOf(dir, [config?.['model_type'], model['type']]);
  const count = (name: string) => asCount(decoder[name]) ?? asCount(config?.[name]);
  const [width, queryHeads] = [count('hidden_size'), count('num_attention_heads')];
  const graphPath = await findGraph(dir, decoder['filename']);
  const names = readNames(decoder);
  const graph: GraphFacts = await readGraphFacts(graphPath, {
    inputIds: names.inputIds,
    cache: names.pastKey.replace('%d', '0'),
  });
  return {
    family,
    graphPath,
    names,
    embeddingRows: graph.embeddingRows,
    cacheType: graph.cacheType,
    ...family.readContextLengths({
      config: config ?? {},
      genaiModel: model,
      ropeSwitch: graph.ropeSwitch,
    }),
    layers: count('num_hidden_layers'),
    heads: count('num_key_value_heads') ?? queryHeads,
    queryHeads,
    intermediateSize: count('intermediate_size'),
    headSize: count('head_size') ?? (width && queryHeads && width / queryHeads),
    eosIds: [model, config ?? {}, generation ?? {}].flatMap(readEosIds),
  };
}

/** The graph that the configuration names; without a name, the usual one or the only one there is. */
async function findGraph(path: string, filename: unknown): Promise<string> {
  const named = typeof filename === 'string' ? filename : undefined;
  const found = named === undefined ? await readdir(path) : [];
  const graphs = found.filter((name) => name.endsWith('.onnx'));
  const only = graphs.length === 1 ? graphs : [];
  // transformers.js keeps the graph in the last location.
  for (const candidate of [named ?? 'model.onnx', ...only, join('onnx', 'model.onnx')]) {
    const graphPath = join(path, candidate);
    const isThere = await access(graphPath).then(
      () => true,
      () => false,
    );
    if (isThere) return graphPath;
  }
  throw incomplete(path, named ?? 'model.onnx');
}

function readNames(decoder: Record<string, unknown>): GraphNames {
  const inputs = recordAt(decoder, 'inputs');
  const outputs = recordAt(decoder, 'outputs');
  const name = (given: unknown, usual: string) => (typeof given === 'string' ? given : usual);
  return {
    inputIds: name(inputs['input_ids'], 'input_ids'),
    attentionMask: name(inputs['attention_mask'], 'attention_mask'),
    positionIds: name(inputs['position_ids'], 'position_ids'),
    pastKey: name(inputs['past_key_names'], 'past_key_values.%d.key'),
    pastValue: name(inputs['past_value_names'], 'past_key_values.%d.value'),
    logits: name(outputs['logits'], 'logits'),
    presentKey: name(outputs['present_key_names'], 'present.%d.key'),
    presentValue: name(outputs['present_value_names'], 'present.%d.value'),
  };
}

function readEosIds({ eos_token_id: named }: Record<string, unknown>): number[] {
  const ids: unknown[] = Array.isArray(named) ? named : [named];
  return ids.filter((id): id is number => Number.isSafeInteger(id));
}

async function requireFolder(path: string): Promise<void> {
  const isFolder = await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (isFolder) return;
  throw new EngineError(
    'model',
    `There is no model folder ${path}. Set MODEL_DIR to the folder of a model, or unset it.`,
  );
}

/** The error that names what is missing from a model folder, and what to do. */
export function incomplete(path: string, file: string): EngineError {
  return new EngineError(
    'model',
    `The model folder ${path} has no ${file}. Copy the whole folder again, or add the model again with: runfleet model add.`,
  );
}
