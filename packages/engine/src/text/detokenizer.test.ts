import { expect, test } from 'vitest';

import { buildTokenizer } from '../builder/phi3/build-tokenizer.ts';
import { TWENTY_PROMPTS } from '../testing/a-request.ts';
import { Detokenizer } from './detokenizer.ts';
import { byteToken } from './space-mark-spelling.ts';

const { tokenizer, idOf } = buildTokenizer(1088);

function pieces(ids: readonly number[]): string[] {
  const detokenizer = new Detokenizer(tokenizer);
  return [...ids.map((id) => detokenizer.next(id)), detokenizer.end()];
}

test.each(TWENTY_PROMPTS)('encoded text decodes to itself: %j', (text) => {
  expect(pieces(tokenizer.encode(text)).join('')).toBe(text);
});

test('no piece holds half a character', () => {
  const text = 'é 中 🚀 👩‍👩‍👧';
  for (const piece of pieces(tokenizer.encode(text))) {
    expect(piece).not.toContain('\uFFFD');
    expect(Buffer.from(piece).toString()).toBe(piece);
  }
});

test('only the first space of an answer is dropped', () => {
  expect(pieces(tokenizer.encode('  two spaces')).join('')).toBe('  two spaces');
  expect(pieces(tokenizer.encode('a'))[0]).toBe('a');
});

test('invalid bytes become U+FFFD, and so does an incomplete character', () => {
  const byte = (value: number) => idOf(byteToken(value));
  expect(pieces([byte(0xff), idOf('a')]).join('')).toBe('\uFFFDa');
  expect(pieces([idOf('a'), byte(0xf0), byte(0x9f)]).join('')).toBe('a\uFFFD');
});

test('NUL becomes U+FFFD and a byte order mark stays', () => {
  expect(pieces(tokenizer.encode('a\0b')).join('')).toBe('a\uFFFDb');
  expect(pieces(tokenizer.encode('\uFEFFa')).join('')).toBe('\uFEFFa');
});

test('special tokens and ids without a token give no text', () => {
  expect(pieces([idOf('<|end|>'), 1087, 999_999]).join('')).toBe('');
});
