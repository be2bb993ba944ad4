import { Tokenizer as PublicTokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';

import { GgufFields } from '../gguf/gguf-fields.ts';
import type { GgufValue } from '../gguf/gguf-header.ts';
import { SeededRandom } from '../sampling/seeded-random.ts';
import { BYTE_LEVEL_FORMS } from '../testing/byte-level-forms.ts';
import { randomText } from '../testing/random-text.ts';
import { Detokenizer } from '../text/detokenizer.ts';
import { parseTokenizerFile } from '../text/tokenizer-file.ts';
import { Tokenizer } from '../text/tokenizer.ts';
import { buildByteLevelTokenizer } from './byte-level-tokenizer.ts';
import { ggufTokenizer } from './gguf-tokenizer.ts';
import { buildTokenizer } from './phi3/build-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from './training-text.ts';

const MERGES = 300;
/** A published tokenizer that splits text as these names of llama.cpp do. */
const NAMES = [
  ['smollm2', ['smollm', 'starcoder', 'refact']],
  ['llama3', ['llama-bpe', 'llama3', 'llama-v3', 'falcon3']],
  ['qwen2', ['qwen2', 'deepseek-r1-qwen']],
  ['phi4', ['gpt-4o', 'llama4']],
] as const;

test.each(NAMES.flatMap(([form, names]) => names.map((name) => [name, form] as const)))(
  'a file that splits text as %s has the ids of the published %s tokenizer',
  (name, form) => {
    const published = buildByteLevelTokenizer(
      BYTE_LEVEL_FORMS[form],
      TRAINING_PARAGRAPHS.join('\n'),
      MERGES,
    );
    const oracle = new PublicTokenizer(published, {});
    const tokenizer = new Tokenizer(parseTokenizerFile(ggufTokenizer(fieldsOf(published, name))));
    const random = new SeededRandom(51n);
    for (let round = 0; round < 300; round += 1) {
      const text = randomText(random, 60).replaceAll(/[\u0085\uFEFFſ]|(?!\d)\p{N}/gu, '');
      expect({ text, ids: Array.from(tokenizer.encode(text)) }).toEqual({
        text,
        ids: oracle.encode(text, { add_special_tokens: false }).ids,
      });
    }
  },
);

test.each([
  ['is', true],
  ['is not', false],
])('a SentencePiece file where a space %s written before text is read so', (_, addsSpace) => {
  const fields = spaceMarkFields({ add_space_prefix: addsSpace });
  const json = ggufTokenizer(fields);
  const oracle = new PublicTokenizer({ ...json, added_tokens: [] }, {});
  const tokenizer = new Tokenizer(parseTokenizerFile(json));
  expect(tokenizer.addsSpace).toBe(addsSpace);
  const random = new SeededRandom(52n);
  for (let round = 0; round < 200; round += 1) {
    const text = `${round % 3 === 0 ? ' ' : ''}${randomText(random, 40)}`;
    const ids = Array.from(tokenizer.encode(text));
    expect({ text, ids }).toEqual({ text, ids: oracle.encode(text, PLAIN).ids });
    const detokenizer = new Detokenizer(tokenizer);
    const answer = ids.map((id) => detokenizer.next(id)).join('') + detokenizer.end();
    expect(answer).toBe(text.replaceAll('▁', ' ').replaceAll('\0', '\uFFFD'));
  }
});

test('role tokens of Phi-3 are special, also in files that have them as text of users', () => {
  const fields = spaceMarkFields({}, 'phi3', 4);
  const tokenizer = new Tokenizer(parseTokenizerFile(ggufTokenizer(fields)));
  for (const role of ['<|user|>', '<|assistant|>', '<|end|>']) {
    expect(tokenizer.findAdded(role)).toMatchObject({ special: true, rstrip: true });
  }
  expect(tokenizer.findAdded('</s>')).toMatchObject({ special: false, rstrip: true });
});

test('rows of the model without a token are no tokens', () => {
  const tokenizer = new Tokenizer(parseTokenizerFile(ggufTokenizer(spaceMarkFields({}))));
  expect(Array.from(tokenizer.bytesOf(UNUSED_ID))).toEqual([]);
  expect(tokenizer.encode(`[PAD${UNUSED_ID}]`)).not.toContain(UNUSED_ID);
});

test.each<[string, Record<string, GgufValue>, RegExp]>([
  ['scores for some tokens only', { scores: [0, 0, 0] }, /has no score for token/u],
  ['types for some tokens only', { token_type: [1] }, /has 1 types for \d+ tokens/u],
  ['spaces that are removed', { remove_extra_whitespaces: true }, /removes spaces from text/u],
  [
    'a token longer than any text needs',
    { tokens: ['a'.repeat(600), 'b'], scores: [0, 0], token_type: [1, 1] },
    /has a token of 600 characters/u,
  ],
])('a SentencePiece file with %s is refused with the reason', (_, changes, message) => {
  expect(() => ggufTokenizer(spaceMarkFields(changes))).toThrow(message);
});

const PLAIN = { add_special_tokens: false };
const UNUSED_ID = 1_040;

/** The metadata of a SentencePiece file: the test models' vocabulary, its order as scores. */
function spaceMarkFields(
  changes: Record<string, GgufValue>,
  architecture = 'llama',
  addedType = 3,
): GgufFields {
  const { json } = buildTokenizer(1_088);
  const { vocab } = json['model'] as { vocab: Record<string, number> };
  const added = json['added_tokens'] as { id: number; content: string }[];
  const tokens = Array.from({ length: 1_088 }, (_, id) => `[PAD${id}]`);
  const types = tokens.map(() => 5);
  for (const [token, id] of Object.entries(vocab)) {
    tokens[id] = token;
    types[id] = /^<0x..>$/u.test(token) ? 6 : 1;
  }
  for (const { id, content } of added) {
    tokens[id] = content;
    types[id] = content === '<unk>' ? 2 : addedType;
  }
  const values: Record<string, GgufValue> = {
    model: 'llama',
    tokens,
    scores: tokens.map((_, id) => -id),
    token_type: types,
    ...changes,
  };
  return new GgufFields({
    metadata: new Map<string, GgufValue>([
      ['general.architecture', architecture],
      ...Object.entries(values).map(([name, value]): [string, GgufValue] => [
        `tokenizer.ggml.${name}`,
        value,
      ]),
    ]),
  });
}

/** The metadata of a GGUF file with this vocabulary. */
function fieldsOf(json: Record<string, unknown>, name: string): GgufFields {
  const { vocab, merges } = json['model'] as {
    vocab: Record<string, number>;
    merges: (string | [string, string])[];
  };
  const added = json['added_tokens'] as { id: number; content: string; special: boolean }[];
  const tokens: string[] = [];
  for (const [token, id] of Object.entries(vocab)) tokens[id] = token;
  for (const { id, content } of added) tokens[id] = content;
  const types = new Map(added.map(({ id, special }) => [id, special ? 3 : 4]));
  const metadata = new Map<string, GgufValue>([
    ['tokenizer.ggml.model', 'gpt2'],
    ['tokenizer.ggml.pre', name],
    ['tokenizer.ggml.tokens', tokens],
    ['tokenizer.ggml.token_type', tokens.map((_, id) => types.get(id) ?? 1)],
    ['tokenizer.ggml.merges', merges.map((merge) => [merge].flat().join(' '))],
  ]);
  return new GgufFields({ metadata });
}
