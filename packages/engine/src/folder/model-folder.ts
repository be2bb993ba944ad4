import { basename, join, resolve } from 'node:path';

import { EngineError } from '../engine-error.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { incomplete, type ModelConfig, readModelConfig } from './model-config.ts';
import { type Chat, openChat } from './open-chat.ts';
import { readJson } from './read-json.ts';

/** Everything in a published folder except the graph. */
export type ModelFolder = Omit<ModelConfig, 'eosIds'> & {
  dir: string;
  name: string;
  tokenizer: Tokenizer;
  chat: Chat;
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
  const tokenizer = new Tokenizer(parseTokenizerFile(tokenizerJson));
  const chat = await openChat(path, family, tokenizer);
  const stopTokens = [...family.stopTokens, ...chat.endTokens];
  const stopIds = readStopIds(eosIds, stopTokens, tokenizer);
  return { ...config, dir: path, name: basename(path), tokenizer, chat, stopIds };
}

function readStopIds(
  eosIds: readonly number[],
  stopTokens: readonly string[],
  tokenizer: Tokenizer,
): ReadonlySet<number> {
  const familyIds = stopTokens.flatMap((token) => tokenizer.findAdded(token)?.id ?? []);
  const stopIds = new Set([...eosIds, ...familyIds]);
  if (stopIds.size > 0) return stopIds;
  throw new EngineError(
    'model',
    'The model folder does not name the token that ends an answer (eos_token_id).',
  );
}
