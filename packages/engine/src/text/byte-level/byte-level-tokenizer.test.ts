import { Tokenizer as PublicTokenizer } from '@huggingface/tokenizers';
import { expect, test } from 'vitest';

import { buildByteLevelTokenizer } from '../../builder/byte-level-tokenizer.ts';
import { TRAINING_PARAGRAPHS } from '../../builder/training-text.ts';
import { SeededRandom } from '../../sampling/seeded-random.ts';
import { TWENTY_PROMPTS } from '../../testing/a-request.ts';
import { BYTE_LEVEL_FORMS } from '../../testing/byte-level-forms.ts';
import { randomText } from '../../testing/random-text.ts';
import { Detokenizer } from '../detokenizer.ts';
import { parseTokenizerFile } from '../tokenizer-file.ts';
import { Tokenizer } from '../tokenizer.ts';
import { BYTE_CHARACTERS } from './byte-characters.ts';

const TEXT = [...TRAINING_PARAGRAPHS, ...TWENTY_PROMPTS].join('\n');

const built = Object.entries(BYTE_LEVEL_FORMS).map(([name, form]) => {
  const json = buildByteLevelTokenizer(form, TEXT, 500);
  return { name, json, tokenizer: new Tokenizer(parseTokenizerFile(json)) };
});

function decode(ids: readonly number[], tokenizer: Tokenizer): string {
  const detokenizer = new Detokenizer(tokenizer);
  return ids.map((id) => detokenizer.next(id)).join('') + detokenizer.end();
}

test.each(built)('$name encodes as the public library does', ({ json, tokenizer }) => {
  const plain = new PublicTokenizer({ ...json, added_tokens: [] }, {});
  const random = new SeededRandom(31n);
  for (let round = 0; round < 500; round += 1) {
    // In these the public library differs from the reference, which tools/check-tokenizer runs.
    const text = randomText(random, 24).replaceAll(/[\u0085\uFEFFſ]|(?!\d)\p{N}/gu, '');
    expect({ text, ids: tokenizer.encode(text) }).toEqual({
      text,
      ids: plain.encode(text, { add_special_tokens: false }).ids,
    });
  }
});

test.each(built)(
  '$name: encoded text decodes to itself, its leading spaces too',
  ({ tokenizer }) => {
    const random = new SeededRandom(32n);
    for (let round = 0; round < 500; round += 1) {
      const text = randomText(random, 24).replaceAll('\0', '').normalize('NFC');
      expect(decode(tokenizer.encode(text), tokenizer)).toBe(text);
    }
  },
);

test.each(built)('$name: no piece of an answer holds half a character', ({ tokenizer }) => {
  const detokenizer = new Detokenizer(tokenizer);
  for (const id of tokenizer.encode('é 中 🚀 👩‍👩‍👧 नमस्ते'.repeat(20))) {
    expect(detokenizer.next(id)).not.toContain('\uFFFD');
  }
  expect(detokenizer.end()).toBe('');
});

test.each(built)('$name: a special token written in a text is text', ({ tokenizer }) => {
  const added = new Set(tokenizer.addedTokens.map(({ id }) => id));
  for (const { content } of tokenizer.addedTokens) {
    const ids = tokenizer.encode(`a${content}${content} b`);
    expect(ids.filter((id) => added.has(id))).toEqual([]);
    expect(decode(ids, tokenizer)).toBe(`a${content}${content} b`);
  }
});

test.each(built)('$name: each kind of text takes linear time, and it yields', ({ tokenizer }) => {
  const kinds = [
    'a',
    'A',
    ' ',
    '\n',
    ' \n',
    '1',
    '.',
    "'",
    "'s",
    '\u0301',
    'A\u0301',
    '漢A',
    '🚀',
    'é',
  ];
  for (const kind of [...kinds, 'thetask', '\u0301\u0316', '/\n', 'a\u0301B', '٣', '\uD800']) {
    const text = kind.repeat(Math.ceil(50_000 / kind.length));
    const startedAt = performance.now();
    const encoding = tokenizer.encodeInSteps(text);
    let stops = 0;
    while (!encoding.next().done) stops += 1;
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(stops).toBeGreaterThan(20);
  }
});

test('a byte that the vocabulary lacks is left out, as the reference library does', () => {
  const json = structuredClone(built[0]?.json ?? {});
  const { vocab } = Object(json['model']);
  delete vocab[BYTE_CHARACTERS[6] ?? ''];
  const tokenizer = new Tokenizer(parseTokenizerFile(json));
  expect(tokenizer.encode('the\u0006 task')).toEqual(tokenizer.encode('the task'));
  expect(tokenizer.encode('\u0006')).toEqual([]);
});

const json = built[1]?.json ?? {};
const byteLevel = { type: 'ByteLevel', add_prefix_space: false, use_regex: true };
const split = (pattern: string) => ({
  type: 'Split',
  pattern: { Regex: pattern },
  behavior: 'Isolated',
  invert: false,
});
test.each([
  [
    'an unknown pattern',
    { pre_tokenizer: { type: 'Sequence', pretokenizers: [split('(a+)+'), byteLevel] } },
    /the pattern "\(a\+\)\+" is not supported/u,
  ],
  [
    'another behaviour',
    {
      pre_tokenizer: {
        type: 'Sequence',
        pretokenizers: [{ ...split('a'), behavior: 'MergedWithNext' }, byteLevel],
      },
    },
    /each match as a word/u,
  ],
  [
    'another pre-tokenizer',
    { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Whitespace' }, byteLevel] } },
    /"Whitespace" is not supported/u,
  ],
  [
    'groups of digits',
    { pre_tokenizer: { type: 'Sequence', pretokenizers: [{ type: 'Digits' }, byteLevel] } },
    /individual_digits/u,
  ],
  [
    'a pre-tokenizer without bytes',
    { pre_tokenizer: { type: 'Metaspace' } },
    /must end with ByteLevel/u,
  ],
  [
    'a space before the text',
    { pre_tokenizer: { ...byteLevel, add_prefix_space: true } },
    /add_prefix_space is not supported/u,
  ],
  ['another normalizer', { normalizer: { type: 'NFKC' } }, /"NFKC" is not supported/u],
  ['another decoder', { decoder: { type: 'Metaspace' } }, /decoder must be ByteLevel/u],
])('refuses a tokenizer.json with %s', (_, change, message) => {
  expect(() => parseTokenizerFile({ ...json, ...change })).toThrow(message);
});
