import { expect, test } from 'vitest';

import { safeFileName } from './file-names.ts';

test.for([
  ['a.txt', 'a.txt'],
  ['über das.pdf', 'über das.pdf'],
  ['../../etc/passwd', 'passwd'],
  ['C:\\Users\\me\\a.txt', 'a.txt'],
  ['.htaccess', 'htaccess'],
  ['a\0b\r\nc.txt', 'abc.txt'],
  ['exe\u202Etxt.pdf', 'exetxt.pdf'],
  ['<b>"x"|?*.md', 'bx.md'],
  ['\uD800a.txt', 'a.txt'],
] as const)('a file named %j is stored as %j', ([given, stored]) => {
  expect(safeFileName(given)).toBe(stored);
});

test.for(['', '/', 'a/', '..', ' \0 ', '\uD800'])('%j is no name of a file', (given) => {
  expect(() => safeFileName(given)).toThrow('needs a name');
});

test('a long name is shortened between characters, and keeps its extension', () => {
  const name = safeFileName(`${'ü😀'.repeat(1_000)}.markdown`);
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(200);
  expect(Buffer.byteLength(name)).toBeGreaterThan(190);
  expect(name).toMatch(/^(?:ü😀)+ü?\.markdown$/u);
});
