import type { GgufFields } from '../gguf/gguf-fields.ts';
import { refuse } from '../gguf/refuse.ts';
import { MERGES_MAX } from '../text/tokenizer-file.ts';
import { addedToken, ggufVocabulary, type GgufToken, TOKEN_TYPE } from './gguf-vocabulary.ts';
import { spaceMarkJson } from './space-mark-json.ts';

/** Published vocabularies have tokens of up to 48 characters. */
const TOKEN_CHARACTERS_MAX = 512;

/**
 * Added tokens that keep the white space behind them in the files of Phi-3 and Phi-3.5, whose
 * other added tokens remove it. GGUF has no place for this, and llama.cpp goes by the model's name.
 */
const PHI_KEEPS_SPACE: readonly string[] = ['<unk>', '<s>', '<|endoftext|>'];

/**
 * `tokenizer.json` of a SentencePiece vocabulary. SentencePiece joins the two neighbours whose
 * token has the highest score; so the merges are all pairs of tokens that make a token, by score.
 */
export function sentencePieceTokenizer(fields: GgufFields): Record<string, unknown> {
  const { tokens, vocab } = ggufVocabulary(fields);
  const scores = fields.numbers('tokenizer.ggml.scores');
  if (fields.isTrue('tokenizer.ggml.remove_extra_whitespaces')) {
    throw refuse('removes spaces from text, which is not supported');
  }
  const normal = new Map(
    tokens.flatMap(({ content, id, type }) => (type === TOKEN_TYPE.normal ? [[content, id]] : [])),
  );
  const isPhi = fields.text('general.architecture') === 'phi3';
  return spaceMarkJson({
    vocab,
    merges: mergesOf(normal, scores),
    addedTokens: tokens.flatMap((token) => (isPhi ? phiToken(token) : addedToken(token))),
    unknownToken: tokens.find(({ type }) => type === TOKEN_TYPE.unknown)?.content ?? null,
    addsSpace: fields.isTrue('tokenizer.ggml.add_space_prefix', true),
  });
}

/** The first files of Phi-3 have its role tokens as text that the user defined. */
function phiToken(token: GgufToken): object[] {
  const isRole = token.type === TOKEN_TYPE.userDefined && /^<\|.*\|>$/u.test(token.content);
  const type = isRole ? TOKEN_TYPE.control : token.type;
  return addedToken({ ...token, type }, !PHI_KEEPS_SPACE.includes(token.content));
}

type Merge = { pair: [string, string]; score: number; left: number; right: number };

/** In the order of published files: by score, then by the ids of both parts. */
function mergesOf(
  normal: ReadonlyMap<string, number>,
  scores: readonly number[],
): [string, string][] {
  const merges: Merge[] = [];
  for (const [content, id] of normal) {
    const score = scores[id];
    if (score === undefined) throw refuse(`has no score for token ${id}`);
    const characters = Array.from(content);
    if (characters.length > TOKEN_CHARACTERS_MAX) {
      throw refuse(
        `has a token of ${characters.length} characters; at most ${TOKEN_CHARACTERS_MAX} are supported`,
      );
    }
    let split = 0;
    for (const character of characters.slice(0, -1)) {
      split += character.length;
      const pair: [string, string] = [content.slice(0, split), content.slice(split)];
      const [left, right] = [normal.get(pair[0]), normal.get(pair[1])];
      if (left !== undefined && right !== undefined) merges.push({ pair, score, left, right });
    }
    if (merges.length > MERGES_MAX) throw refuse(`has more than ${MERGES_MAX} merges`);
  }
  return merges
    .toSorted((a, b) => b.score - a.score || a.left - b.left || a.right - b.right)
    .map(({ pair }) => pair);
}
