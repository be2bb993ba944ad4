import { access } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { STOP_MARKS } from '../text/chat-template.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { readJson, recordAt } from './read-json.ts';

/** Names that the graph gives its inputs and outputs; `%d` is the layer. */
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

export type ModelFolder = {
  name: string;
  graphPath: string;
  names: GraphNames;
  /** Tokens up to which LongRoPE's short table holds. */
  shortContextLength: number;
  /** Tokens of prompt and answer together that the model was made for; memory may hold fewer. */
  contextLength: number;
  /** From the configuration files, where they say; the graph is checked against it. */
  layers: number | undefined;
  tokenizer: Tokenizer;
  stopIds: ReadonlySet<number>;
};

const SHORT_CONTEXT_DEFAULT = 4096;

/**
 * Reads everything but the graph of a published folder: `genai_config.json` and `config.json`
 * (either will do), `tokenizer.json`. Throws `EngineError('model')` that says what is missing.
 */
export async function readModelFolder(dir: string): Promise<ModelFolder> {
  const path = resolve(dir);
  const [genai, config, generation, tokenizerJson] = await Promise.all([
    readJson(join(path, 'genai_config.json')),
    readJson(join(path, 'config.json')),
    readJson(join(path, 'generation_config.json')),
    readJson(join(path, 'tokenizer.json')),
  ]);
  if (!genai && !config) {
    throw incomplete(path, 'genai_config.json or config.json');
  }
  if (!tokenizerJson) throw incomplete(path, 'tokenizer.json');

  const model = recordAt(genai, 'model');
  const decoder = recordAt(model, 'decoder');
  const tokenizer = new Tokenizer(parseTokenizerFile(tokenizerJson));
  return {
    name: basename(path),
    graphPath: await findGraph(path, decoder['filename']),
    names: readNames(decoder),
    ...readContextLengths(model, config ?? {}),
    layers: asCount(decoder['num_hidden_layers']) ?? asCount(config?.['num_hidden_layers']),
    tokenizer,
    stopIds: readStopIds([model, config ?? {}, generation ?? {}], tokenizer),
  };
}

async function findGraph(path: string, filename: unknown): Promise<string> {
  const named = typeof filename === 'string' ? filename : 'model.onnx';
  // The second place is where transformers.js keeps it.
  for (const candidate of [named, join('onnx', 'model.onnx')]) {
    const graphPath = join(path, candidate);
    const isThere = await access(graphPath).then(
      () => true,
      () => false,
    );
    if (isThere) return graphPath;
  }
  throw incomplete(path, named);
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

/** Where the configuration does not say how long the short table holds, nothing longer is tried. */
function readContextLengths(
  model: Record<string, unknown>,
  config: Record<string, unknown>,
): { shortContextLength: number; contextLength: number } {
  const original = asCount(config['original_max_position_embeddings']);
  const contextLength = Math.min(
    original === undefined ? SHORT_CONTEXT_DEFAULT : Number.POSITIVE_INFINITY,
    asCount(config['max_position_embeddings']) ?? original ?? SHORT_CONTEXT_DEFAULT,
    asCount(model['context_length']) ?? Number.POSITIVE_INFINITY,
  );
  const short = original ?? SHORT_CONTEXT_DEFAULT;
  return { shortContextLength: Math.min(short, contextLength), contextLength };
}

function readStopIds(
  sources: readonly Record<string, unknown>[],
  tokenizer: Tokenizer,
): ReadonlySet<number> {
  const stopIds = new Set<number>();
  for (const { eos_token_id: named } of sources) {
    for (const id of Array.isArray(named) ? named : [named]) {
      const stopId: unknown = id;
      if (typeof stopId === 'number' && Number.isSafeInteger(stopId)) stopIds.add(stopId);
    }
  }
  for (const mark of STOP_MARKS) {
    const token = tokenizer.findAdded(mark);
    if (token) stopIds.add(token.id);
  }
  if (stopIds.size === 0) {
    throw new EngineError(
      'model',
      'The model folder names no id that ends an answer (eos_token_id).',
    );
  }
  return stopIds;
}

function asCount(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isSafeInteger(value) && value > 0 ? value : undefined;
}

function incomplete(path: string, file: string): EngineError {
  return new EngineError(
    'model',
    `The model folder ${path} has no ${file}. Download the whole folder, or build one with buildModelFolder.`,
  );
}
