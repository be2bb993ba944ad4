import { BYTE_CHARACTERS } from '../text/byte-level/byte-characters.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { learnMerges, type Word } from './train-vocabulary.ts';

/** What published byte-level vocabularies differ in. */
export type ByteLevelForm = {
  normalizer: object | null;
  /** The steps before ByteLevel. */
  splits: readonly object[];
  /** Whether ByteLevel splits by GPT-2's pattern. */
  usesGpt2Pattern: boolean;
  ignoresMerges: boolean;
  addedTokens: readonly { content: string; special: boolean }[];
};

/**
 * A `tokenizer.json` of a published form with a vocabulary learnt from a text: the 256 bytes, up to
 * `mergesMax` merged tokens, then the added tokens.
 */
export function buildByteLevelTokenizer(
  form: ByteLevelForm,
  text: string,
  mergesMax: number,
): Record<string, unknown> {
  const untrained = tokenizerJson(form, { merged: [], merges: [] });
  const { spelling } = parseTokenizerFile(untrained);
  const counts = new Map<string, Word>();
  for (const word of spelling.wordsOf(text)) {
    const known = word === undefined ? undefined : counts.get(word);
    if (known) known.count += 1;
    else if (word !== undefined) counts.set(word, { parts: [...spelling.spell(word)], count: 1 });
  }
  return tokenizerJson(form, learnMerges([...counts.values()], BYTE_CHARACTERS, mergesMax));
}

type Learnt = { merged: readonly string[]; merges: readonly (readonly [string, string])[] };

function tokenizerJson(form: ByteLevelForm, { merged, merges }: Learnt): Record<string, unknown> {
  const tokens = [...BYTE_CHARACTERS, ...merged];
  const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true };
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: form.addedTokens.map((token, at) => ({
      id: tokens.length + at,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      ...token,
    })),
    normalizer: form.normalizer,
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [...form.splits, { ...byteLevel, use_regex: form.usesGpt2Pattern }],
    },
    post_processor: null,
    decoder: { ...byteLevel, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: form.ignoresMerges,
      vocab: Object.fromEntries(tokens.map((token, id) => [token, id])),
      merges: merges.map((pair) => pair.join(' ')),
    },
  };
}
