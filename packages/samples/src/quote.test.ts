import { execFileSync } from 'node:child_process';
import { runInNewContext } from 'node:vm';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { CSHARP_TEXT } from './languages/csharp.ts';
import { JSON_TEXT, shellQuoted } from './languages/curl.ts';
import { DART_TEXT } from './languages/dart.ts';
import { GO_TEXT } from './languages/go.ts';
import { KOTLIN_TEXT } from './languages/kotlin.ts';
import { JAVASCRIPT_TEXT } from './languages/nodejs.ts';
import { PHP_TEXT } from './languages/php.ts';
import { PYTHON_TEXT } from './languages/python.ts';
import { SWIFT_TEXT } from './languages/swift.ts';
import { quote, type Quoting } from './quote.ts';
import { hostileText } from './testing.ts';

/** `interpolates`: what begins an expression inside the quotes. */
const LANGUAGES: [name: string, quoting: Quoting, interpolates: string][] = [
  ['curl (JSON)', JSON_TEXT, ''],
  ['nodejs', JAVASCRIPT_TEXT, ''],
  ['csharp', CSHARP_TEXT, ''],
  ['php', PHP_TEXT, '$'],
  // Its interpolation begins with a backslash.
  ['swift', SWIFT_TEXT, ''],
  ['dart', DART_TEXT, '$'],
  ['kotlin', KOTLIN_TEXT, '$'],
  ['go', GO_TEXT, ''],
  ['python', PYTHON_TEXT, ''],
];
const ESCAPE = /\\(?:u\{([0-9a-f]+)\}|u([0-9a-f]{4})|U([0-9a-f]{8})|([^uU]))/gu;
const NAMED: Record<string, string> = { n: '\n', r: '\r', t: '\t' };

test.each(LANGUAGES)('%s: nothing breaks out of a literal', (_, quoting, interpolates) => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const literal = quote(text, quoting);
      expect([literal.at(0), literal.at(-1)]).toEqual([quoting.quote, quoting.quote]);
      const bare = literal.slice(1, -1).replaceAll(ESCAPE, '');
      expect(bare).not.toMatch(/[\\\p{C}\p{Zl}\p{Zp}]/u);
      const marks = [quoting.quote, interpolates].filter((mark) => mark !== '');
      expect(marks.filter((mark) => bare.includes(mark))).toEqual([]);
    }),
  );
});

test.each(LANGUAGES)('%s: a literal means its text', (_, quoting) => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const read = quote(text, quoting)
        .slice(1, -1)
        .replaceAll(ESCAPE, (_, braced, unit, long, character) =>
          character === undefined
            ? String.fromCodePoint(Number.parseInt(braced ?? unit ?? long, 16))
            : (NAMED[character] ?? character),
        );
      expect(read).toBe(text.toWellFormed());
    }),
  );
});

test('JSON and JavaScript read their literals back', () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      expect(JSON.parse(quote(text, JSON_TEXT))).toBe(text.toWellFormed());
      expect(runInNewContext(quote(text, JAVASCRIPT_TEXT))).toBe(text.toWellFormed());
    }),
  );
});

test('a shell reads its words back', () => {
  const texts = fc
    .sample(hostileText, { numRuns: 200, seed: 1 })
    .map((text) => quote(text, JSON_TEXT));
  const script = `printf '%s\\n' ${texts.map(shellQuoted).join(' ')}`;
  expect(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).toBe(`${texts.join('\n')}\n`);
});

test('what turns around or hides the text on a line is written as an escape', () => {
  expect(quote('a\u202eb\u200dc\u{e0001}', PYTHON_TEXT)).toBe(
    String.raw`"a\u202eb\u200dc\U000e0001"`,
  );
  expect(quote('a\u202eb\u200dc\u{e0001}', SWIFT_TEXT)).toBe(
    String.raw`"a\u{202e}b\u{200d}c\u{e0001}"`,
  );
  expect(quote('\u{e0001}', KOTLIN_TEXT)).toBe(String.raw`"\udb40\udc01"`);
});
