import { CHAT_TEMPLATES } from '../../families/phi3/chat-parts.ts';
import { parseTokenizerFile } from '../../text/tokenizer-file.ts';
import { Tokenizer } from '../../text/tokenizer.ts';
import { spaceMarkJson } from '../space-mark-json.ts';
import { trainVocabulary, type Vocabulary } from '../train-vocabulary.ts';
import { FILLER_WORDS, TRAINING_PARAGRAPHS } from '../training-text.ts';

/** The special tokens that Phi-3.5-mini adds to its vocabulary, in their order. */
const SPECIAL_TOKENS = [
  '<|endoftext|>',
  '<|assistant|>',
  '<|placeholder1|>',
  '<|placeholder2|>',
  '<|placeholder3|>',
  '<|placeholder4|>',
  '<|system|>',
  '<|end|>',
  '<|placeholder5|>',
  '<|placeholder6|>',
  '<|user|>',
];
const SPECIAL_START = ['<unk>', '<s>', '</s>'];

// The published model has 32,064 rows of logits, of which 32,011 have a token.
const SPARE_ROWS = 53;

export type BuiltTokenizer = {
  json: Record<string, unknown>;
  config: Record<string, unknown>;
  specialTokensMap: Record<string, unknown>;
  tokenizer: Tokenizer;
  /** The id of a special token or a piece of text; 0 (`<unk>`) if there is none. */
  idOf: (content: string) => number;
};

/**
 * A generated vocabulary in the published format, learnt from a text, for a model with
 * `vocabularySize` rows of logits.
 */
export function buildTokenizer(
  vocabularySize: number,
  text: string = TRAINING_PARAGRAPHS.join('\n'),
): BuiltTokenizer {
  const wordTokens = vocabularySize - SPARE_ROWS - SPECIAL_TOKENS.length;
  const vocabulary = trainVocabulary(text, wordTokens);
  if (vocabulary.tokens.length > wordTokens) {
    const least = vocabulary.tokens.length + SPARE_ROWS + SPECIAL_TOKENS.length;
    throw new RangeError(`vocabularySize must be ${least} or more, not ${vocabularySize}.`);
  }
  addFillers(vocabulary, wordTokens);

  const ids = new Map(vocabulary.tokens.map((token, id) => [token, id]));
  for (const [at, token] of SPECIAL_TOKENS.entries()) ids.set(token, wordTokens + at);
  const idOf = (content: string) => ids.get(content) ?? 0;

  return readTokenizer(tokenizerJson(vocabulary, idOf));
}

/** The same for an existing `tokenizer.json` of this form. */
export function readTokenizer(json: Record<string, unknown>): BuiltTokenizer {
  const file = parseTokenizerFile(json);
  const tokenizer = new Tokenizer(file);
  const idOf = (content: string) =>
    tokenizer.findAdded(content)?.id ?? file.vocabulary.get(content) ?? 0;
  return {
    json,
    config: tokenizerConfig(idOf),
    specialTokensMap: {
      bos_token: '<s>',
      eos_token: '<|endoftext|>',
      pad_token: '<|endoftext|>',
      unk_token: '<unk>',
    },
    tokenizer,
    idOf,
  };
}

/** Words that no text encodes to, so that a model of full size can still produce every id. */
function addFillers(vocabulary: Vocabulary, count: number): void {
  const known = new Set(vocabulary.tokens);
  for (const first of FILLER_WORDS) {
    for (const second of FILLER_WORDS) {
      if (vocabulary.tokens.length >= count) return;
      const filler = `▁${first}${second}`;
      if (known.has(filler)) continue;
      known.add(filler);
      vocabulary.tokens.push(filler);
    }
  }
}

function tokenizerJson(
  vocabulary: Vocabulary,
  idOf: (content: string) => number,
): Record<string, unknown> {
  return spaceMarkJson({
    vocab: Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id])),
    merges: vocabulary.merges.map((pair) => pair.join(' ')),
    addedTokens: [...SPECIAL_START, ...SPECIAL_TOKENS].map((content) => ({
      id: idOf(content),
      ...addedTokenFlags(content),
    })),
    unknownToken: '<unk>',
    addsSpace: true,
  });
}

function tokenizerConfig(idOf: (content: string) => number): Record<string, unknown> {
  return {
    add_bos_token: false,
    add_eos_token: false,
    added_tokens_decoder: Object.fromEntries(
      [...SPECIAL_START, ...SPECIAL_TOKENS].map((content) => [
        idOf(content),
        addedTokenFlags(content),
      ]),
    ),
    bos_token: '<s>',
    chat_template: CHAT_TEMPLATES[0],
    clean_up_tokenization_spaces: false,
    eos_token: '<|endoftext|>',
    legacy: false,
    model_max_length: 131_072,
    pad_token: '<|endoftext|>',
    padding_side: 'left',
    tokenizer_class: 'LlamaTokenizer',
    unk_token: '<unk>',
  };
}

function addedTokenFlags(content: string) {
  return {
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: true,
  };
}
