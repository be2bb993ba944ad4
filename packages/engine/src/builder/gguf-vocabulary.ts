import type { GgufFields } from '../gguf/gguf-fields.ts';
import { refuse } from '../gguf/refuse.ts';

/** The values of `tokenizer.ggml.token_type`. */
export const TOKEN_TYPE = {
  normal: 1,
  unknown: 2,
  control: 3,
  userDefined: 4,
  unused: 5,
  byte: 6,
} as const;

export type GgufToken = { id: number; content: string; type: number | undefined };

/** A file's tokens by id. Rows of the model that have no token are left out. */
export function ggufVocabulary(fields: GgufFields): {
  tokens: readonly GgufToken[];
  vocab: Record<string, number>;
} {
  const contents = fields.texts('tokenizer.ggml.tokens');
  const types = fields.numbers('tokenizer.ggml.token_type');
  if (types.length !== contents.length) {
    throw refuse(`has ${types.length} types for ${contents.length} tokens`);
  }
  const tokens = contents
    .map((content, id) => ({ id, content, type: types[id] }))
    .filter(({ type }) => type !== TOKEN_TYPE.unused);
  const vocab = Object.fromEntries(tokens.map(({ content, id }) => [content, id]));
  if (Object.keys(vocab).length !== tokens.length) throw refuse('has a token twice');
  return { tokens, vocab };
}

/** The entry of `added_tokens`; none for tokens that text is encoded to. */
export function addedToken({ id, content, type }: GgufToken, rstrip = false): object[] {
  const special = type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown;
  if (!special && type !== TOKEN_TYPE.userDefined) return [];
  return [{ id, content, single_word: false, lstrip: false, rstrip, normalized: false, special }];
}
