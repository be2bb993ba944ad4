import { CALL_FORMATS } from '@runfleet/protocol';

import { readSpelling } from './read-spelling.ts';
import type { Spelling } from './spelling.ts';
import { asRecord, must } from './tokenizer-field.ts';

export type AddedToken = {
  id: number;
  content: string;
  special: boolean;
  lstrip: boolean;
  rstrip: boolean;
};

/** The parts of a published `tokenizer.json` that are used. */
export type TokenizerFile = {
  vocabulary: ReadonlyMap<string, number>;
  /** In order of rank: the first pair is merged first. */
  merges: readonly (readonly [string, string])[];
  addedTokens: readonly AddedToken[];
  /** Whether a word that is a token is that token, whatever the merges would give. */
  ignoresMerges: boolean;
  spelling: Spelling;
};

/**
 * Reads byte-pair encoding: with byte fallback and no pre-tokenizer, or byte-level with a published
 * one. Refuses a file that it would encode differently from the reference library, because almost
 * right ids are worse than none.
 */
export function parseTokenizerFile(json: unknown): TokenizerFile {
  const file = asRecord(json, 'tokenizer.json');
  const model = asRecord(file['model'], 'model');

  must(model['type'] === 'BPE' || model['type'] === undefined, 'model.type must be BPE');
  must(!model['dropout'], 'model.dropout is not supported');
  must(!model['continuing_subword_prefix'], 'model.continuing_subword_prefix is not supported');
  must(!model['end_of_word_suffix'], 'model.end_of_word_suffix is not supported');

  const merges = readMerges(model['merges']);
  return {
    vocabulary: readVocabulary(model['vocab']),
    merges,
    addedTokens: readAddedTokens(file['added_tokens']),
    ignoresMerges: model['ignore_merges'] === true,
    spelling: readSpelling(file, merges),
  };
}

function readVocabulary(json: unknown): Map<string, number> {
  const entries = Object.entries(asRecord(json, 'model.vocab'));
  must(entries.length > 0, 'model.vocab is empty');
  const vocabulary = new Map<string, number>();
  for (const [token, id] of entries) {
    must(isId(id), `model.vocab has a bad id for ${JSON.stringify(token)}`);
    vocabulary.set(token, id);
  }
  return vocabulary;
}

/** Published vocabularies have up to 450,000. Long words need ranks below this. */
export const MERGES_MAX = 2 ** 20;

function readMerges(json: unknown): [string, string][] {
  must(Array.isArray(json), 'model.merges must be a list');
  must(json.length <= MERGES_MAX, `model.merges has more than ${MERGES_MAX} pairs`);
  return json.map((merge: unknown, index): [string, string] => {
    // "a b" is the old form; the space can only be the separator, because tokens write spaces as ▁ or Ġ.
    const pair: unknown = typeof merge === 'string' ? merge.split(' ') : merge;
    must(Array.isArray(pair) && pair.length === 2, `model.merges[${index}] must be a pair`);
    const [left, right]: unknown[] = pair;
    must(
      typeof left === 'string' && typeof right === 'string',
      `model.merges[${index}] must be text`,
    );
    return [left, right];
  });
}

function readAddedTokens(json: unknown): AddedToken[] {
  must(Array.isArray(json), 'added_tokens must be a list');
  return json.map((entry: unknown, index) => {
    const token = asRecord(entry, `added_tokens[${index}]`);
    const { id, content } = token;
    must(
      isId(id) && typeof content === 'string' && content !== '',
      `added_tokens[${index}] lacks its id or content`,
    );
    const special = token['special'] === true && !CALL_TAGS.has(content);
    // A guard within a token keeps it out of messages, and these have no within.
    must(!special || Array.from(content).length > 1, `added_tokens[${index}] is one character`);
    must(token['single_word'] !== true, `added_tokens[${index}].single_word is not supported`);
    return {
      id,
      content,
      special,
      lstrip: token['lstrip'] === true,
      rstrip: token['rstrip'] === true,
    };
  });
}

/**
 * The tags of calls are text, however the file marks them: an answer shows them, and a grammar can
 * write them.
 */
const CALL_TAGS: ReadonlySet<string> = new Set(
  Object.values(CALL_FORMATS).flatMap(
    ({ open, close }) => (open + close).match(/<[^<>]+>/gu) ?? [],
  ),
);

function isId(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
