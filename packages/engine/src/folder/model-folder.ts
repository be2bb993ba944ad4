import { basename, join, resolve } from 'node:path';

import { EngineError } from '../engine-error.ts';
import type { ChatMessage } from '../engine.ts';
import type { ModelFamily } from '../families/model-family.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { incomplete, type ModelConfig, readModelConfig } from './model-config.ts';
import { readJson } from './read-json.ts';

/** A conversation that uses every special token of a chat template. */
const EVERY_ROLE: readonly ChatMessage[] = (['system', 'user', 'assistant', 'user'] as const).map(
  (role) => ({ role, content: role }),
);

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
  checkChatTokens(family, tokenizer);
  const stopIds = readStopIds(eosIds, family, tokenizer);
  return { ...config, name: basename(path), tokenizer, stopIds };
}

/** Without them every request would fail; a folder that cannot serve one is refused. */
function checkChatTokens(family: ModelFamily, tokenizer: Tokenizer): void {
  const missing = family
    .chatParts(EVERY_ROLE)
    .flatMap((part) => ('special' in part ? part.special : []))
    .filter((token) => !tokenizer.findAdded(token));
  if (missing.length === 0) return;
  throw new EngineError(
    'model',
    `tokenizer.json lacks the special tokens ${[...new Set(missing)].join(' and ')} of the chat template of the family "${family.name}"; the files belong to different models.`,
  );
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
