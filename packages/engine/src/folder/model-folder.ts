import { basename, join, resolve } from 'node:path';

import { EngineError } from '../engine-error.ts';
import type { ModelFamily } from '../families/model-family.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { incomplete, type ModelConfig, readModelConfig } from './model-config.ts';
import { readJson } from './read-json.ts';

/** Everything in a published folder except the graph. */
export type ModelFolder = Omit<ModelConfig, 'eosIds'> & {
  name: string;
  tokenizer: Tokenizer;
  stopIds: ReadonlySet<number>;
};

/**
 * Reads the configuration files and `tokenizer.json`. Throws `EngineError('model')`, which names
 * what is missing.
 */
export async function readModelFolder(dir: string): Promise<ModelFolder> {
  const path = resolve(dir);
  const [{ eosIds, ...config }, tokenizerJson] = await Promise.all([
    readModelConfig(path),
    readJson(join(path, 'tokenizer.json')),
  ]);
  if (!tokenizerJson) throw incomplete(path, 'tokenizer.json');

  const { family } = config;
  const tokenizer = new Tokenizer(family.parseTokenizer(tokenizerJson));
  const stopIds = readStopIds(eosIds, family, tokenizer);
  return { ...config, name: basename(path), tokenizer, stopIds };
}

function readStopIds(
  eosIds: readonly number[],
  family: ModelFamily,
  tokenizer: Tokenizer,
): ReadonlySet<number> {
  const familyIds = family.stopTokens.flatMap((token) => tokenizer.findAdded(token)?.id ?? []);
  const stopIds = new Set([...eosIds, ...familyIds]);
  if (stopIds.size > 0) return stopIds;
  throw new EngineError(
    'model',
    'The model folder does not name the token that ends an answer (eos_token_id).',
  );
}
