import type { GgufFields } from '../gguf/gguf-fields.ts';
import { refuse } from '../gguf/refuse.ts';
import { PATTERN_TEXTS } from '../text/byte-level/published-patterns.ts';
import { addedToken, ggufVocabulary } from './gguf-vocabulary.ts';
import { sentencePieceTokenizer } from './sentencepiece-tokenizer.ts';

const BYTE_LEVEL = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true } as const;
const split = (pattern: string) => ({
  type: 'Sequence',
  pretokenizers: [
    { type: 'Split', pattern: { Regex: pattern }, behavior: 'Isolated', invert: false },
    { ...BYTE_LEVEL, use_regex: false },
  ],
});

type PreTokenizer = { pre_tokenizer: unknown; normalizer?: unknown; ignore_merges?: boolean };

const GPT2: PreTokenizer = { pre_tokenizer: { ...BYTE_LEVEL, use_regex: true } };
const DIGITS: PreTokenizer = {
  pre_tokenizer: {
    type: 'Sequence',
    pretokenizers: [
      { type: 'Digits', individual_digits: true },
      { ...BYTE_LEVEL, use_regex: true },
    ],
  },
};
const TRIPLES: PreTokenizer = { pre_tokenizer: split(PATTERN_TEXTS.cl100kTriples) };
const LLAMA3: PreTokenizer = { ...TRIPLES, ignore_merges: true };
const QWEN2: PreTokenizer = {
  normalizer: { type: 'NFC' },
  pre_tokenizer: split(PATTERN_TEXTS.cl100kDigits),
};
const GPT4O: PreTokenizer = { pre_tokenizer: split(PATTERN_TEXTS.o200k) };

/**
 * What `tokenizer.ggml.pre` stands for in a published `tokenizer.json`. llama.cpp gives several
 * names to one way of splitting.
 */
const PRE_TOKENIZERS: Partial<Record<string, PreTokenizer>> = {
  'gpt-2': GPT2,
  'phi-2': GPT2,
  smollm: DIGITS,
  starcoder: DIGITS,
  refact: DIGITS,
  'llama-bpe': LLAMA3,
  llama3: LLAMA3,
  'llama-v3': LLAMA3,
  falcon3: LLAMA3,
  'smaug-bpe': TRIPLES,
  dbrx: TRIPLES,
  qwen2: QWEN2,
  'deepseek-r1-qwen': QWEN2,
  'gpt-4o': GPT4O,
  llama4: GPT4O,
};

/** `tokenizer.json` in the published form, from a file's vocabulary. */
export function ggufTokenizer(fields: GgufFields): Record<string, unknown> {
  const model = fields.text('tokenizer.ggml.model');
  if (model === 'llama') return sentencePieceTokenizer(fields);
  if (model === 'gpt2') return byteLevelTokenizer(fields);
  throw refuse(
    `has a tokenizer of the kind ${JSON.stringify(model ?? '')}; byte-level BPE ("gpt2") and SentencePiece's BPE ("llama") are supported`,
  );
}

function byteLevelTokenizer(fields: GgufFields): Record<string, unknown> {
  const pre = fields.text('tokenizer.ggml.pre') ?? '';
  const known = Object.hasOwn(PRE_TOKENIZERS, pre) ? PRE_TOKENIZERS[pre] : undefined;
  if (!known) {
    throw refuse(
      `splits text as ${JSON.stringify(pre)}. Supported: ${Object.keys(PRE_TOKENIZERS).join(', ')}`,
    );
  }
  const { tokens, vocab } = ggufVocabulary(fields);
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: tokens.flatMap((token) => addedToken(token)),
    normalizer: known.normalizer ?? null,
    pre_tokenizer: known.pre_tokenizer,
    post_processor: null,
    decoder: { ...BYTE_LEVEL, add_prefix_space: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: known.ignore_merges ?? false,
      vocab,
      merges: fields.texts('tokenizer.ggml.merges').map(pairOf),
    },
  };
}

/** The space between two tokens; tokens of this kind have none. */
function pairOf(merge: string): [string, string] {
  const space = merge.indexOf(' ');
  if (space > 0 && space === merge.lastIndexOf(' ') && space < merge.length - 1) {
    return [merge.slice(0, space), merge.slice(space + 1)];
  }
  throw refuse(`has the merge ${JSON.stringify(merge.slice(0, 40))}, which is no pair`);
}
