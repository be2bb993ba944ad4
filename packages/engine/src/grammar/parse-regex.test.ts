import fc from 'fast-check';
import { expect, test } from 'vitest';

import { matches } from '../testing/matches.ts';
import { openAutomaton } from './open-automaton.ts';

const open = (pattern: string) => openAutomaton({ kind: 'regex', pattern });

test.each<[string, string[], string[]]>([
  ['abc', ['abc'], ['', 'ab', 'abcd', 'ABC']],
  ['(yes|no)', ['yes', 'no'], ['yesno', 'maybe']],
  ['[a-c]{2,3}-\\d+', ['ab-1', 'abc-123'], ['a-1', 'abcd-1', 'ab-']],
  ['a*b+c?', ['b', 'aabbc', 'bc'], ['a', 'ac', 'bcc']],
  ['.', ['x', '中', '🚀', '\t'], ['', '\n', '\r', '\u2028', 'ab']],
  ['[^a-y\\n]', ['z', 'A', '🚀', '\u{10FFFF}'], ['a', '\n', '']],
  ['\\w+\\s\\S', ['ab \u00A0'.slice(0, 3) + 'x', 'a_9\u3000é'], ['a b ', '-\tx']],
  ['\\u0041\\x42\\u{1F680}\\n\\.', ['AB🚀\n.'], ['AB🚀\nx']],
  ['[é-ü一-龥]{2}', ['éü', '中文'], ['e', 'éa', '中']],
  ['^(?:a|(?<b>b)){2}$', ['ab', 'ba', 'aa'], ['a', 'abc']],
  ['(^a$)', ['a'], ['aa']],
  ['(a|b)*a(a|b){12}', ['a'.repeat(13), 'ba' + 'b'.repeat(12)], ['b'.repeat(13)]],
  ['(a*)*b', ['b', 'aaab'], ['aaa']],
  ['[\\]\\-\\\\^]+', [']-\\^'], ['a']],
  ['a{0,1000}', ['', 'a'.repeat(1000)], ['a'.repeat(1001)]],
  ['a{2}?', ['aa'], ['a', 'aaa']],
])('%s', (pattern, inside, outside) => {
  const automaton = open(pattern);
  for (const text of inside) expect([text, matches(automaton, text)]).toEqual([text, true]);
  for (const text of outside) expect([text, matches(automaton, text)]).toEqual([text, false]);
});

test('agrees with the language’s own engine on random patterns and texts', () => {
  const atom = fc.constantFrom('a', 'b', '.', '[ab]', '[^a]', '\\d', '\\W', 'é', '🚀', '(?:ab|🚀)');
  const count = fc.constantFrom('', '', '*', '+', '?', '{2}', '{1,3}', '{0,2}?');
  const piece = fc.tuple(atom, count).map((parts) => parts.join(''));
  const sequence = fc.array(piece, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(''));
  const pattern = fc
    .array(sequence, { minLength: 1, maxLength: 3 })
    .map((parts) => parts.join('|'));
  const text = fc.string({ unit: fc.constantFrom('a', 'b', 'é', '🚀', '1', '\n'), maxLength: 6 });
  fc.assert(
    fc.property(pattern, fc.array(text, { minLength: 5, maxLength: 5 }), (written, texts) => {
      const expected = new RegExp(`^(?:${written})$`, 'u');
      const automaton = open(written);
      for (const given of texts) {
        expect([written, given, matches(automaton, given)]).toEqual([
          written,
          given,
          expected.test(given),
        ]);
      }
    }),
    { numRuns: 500 },
  );
});

test.each([
  ['(a', 'a group is not closed'],
  ['a)', 'a group is closed that was not open'],
  ['[a', 'a class is not closed'],
  ['[b-a]', 'a range in a class is out of order'],
  ['a**', 'nothing to repeat'],
  ['*a', 'nothing to repeat'],
  ['a{3,2}', 'out of order'],
  ['a{99999}', 'counts to 10000 at most'],
  ['(?=a)b', 'lookaround and flags are not supported'],
  ['(?<!a)b', 'lookaround and flags are not supported'],
  ['(a)\\1', '\\1 is not supported'],
  ['\\bword', '\\b is not supported'],
  ['\\p{L}', '\\p is not supported'],
  ['a^b', '^ may only stand at the start'],
  ['a$b', '$ may only stand at the end'],
  ['a\\', 'a backslash stands at the end'],
  ['\\xZZ', '\\x needs hexadecimal digits'],
  ['[^\\s\\S]', 'nothing matches this'],
  ['('.repeat(80) + ')'.repeat(80), 'groups are nested deeper than'],
  ['((a{0,100}){0,100}){0,100}', 'can be read in too many ways'],
  ['(a{0,100}){0,100}', 'can be read in too many ways'],
  ['((a|b|[^c]){0,30}|\\w{0,30}|.{0,30}){0,30}', 'can be read in too many ways'],
])('%s is refused with its reason', (pattern, message) => {
  expect(() => open(pattern)).toThrow(
    expect.objectContaining({ kind: 'input', message: expect.stringContaining(message) }),
  );
});
