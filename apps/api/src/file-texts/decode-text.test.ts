import { expect, test } from 'vitest';

import { decodeText } from './decode-text.ts';

const TEXT = 'Größe\t10 €\r\n漢字 😀\n';
const utf16 = (text: string) => Buffer.from(`\uFEFF${text}`, 'utf16le');

test.each([
  ['UTF-8', Buffer.from(TEXT)],
  ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${TEXT}`)],
  ['UTF-16 with a little-endian mark', utf16(TEXT)],
  ['UTF-16 with a big-endian mark', utf16(TEXT).swap16()],
])('a text in %s is read exactly, without its mark', (_, bytes) => {
  expect(decodeText(bytes)).toBe(TEXT);
});

test.each([
  ['Latin-1', Buffer.from('Größe', 'latin1'), 'is neither UTF-8 nor UTF-16 with a byte order mark'],
  ['UTF-16 without a mark', Buffer.from('text', 'utf16le'), 'has NUL characters'],
  ['half a character of UTF-16', utf16('text').subarray(0, -1), 'is not valid UTF-16'],
  ['a lone surrogate', utf16('\uD800'), 'is not valid UTF-16'],
  ['a picture', Buffer.from([0x89, 0x50, 0x4e, 0x47]), 'is neither UTF-8 nor UTF-16'],
  ['a NUL', Buffer.from('a\0b'), 'has NUL characters'],
  ['nothing', Buffer.from(''), 'is empty'],
  ['only a mark', Buffer.from('\uFEFF'), 'is empty'],
  ['only white space', Buffer.from(' \n\t'), 'is empty'],
])('%s is refused with the reason', (_, bytes, problem) => {
  expect(() => decodeText(bytes)).toThrow(problem);
});
