import fc from 'fast-check';
import { expect, test } from 'vitest';

import { openGrammar } from '../open-grammar.ts';
import { matches } from '../testing/matches.ts';

const open = (pattern: string) => openGrammar({ kind: 'regex', pattern }).automaton;

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
  ['\\ud83d\\ude80[\\ud83d\\ude80-\\ud83d\\ude82]', ['🚀🚀', '🚀🚁'], ['🚀', '🚀🚃']],
  ['[\\ud7fe-\\ue001]', ['\ud7fe', '\ud7ff', '\ue000', '\ue001'], ['\ud7fd', '\ue002']],
  ['[^]', ['a', '\n', '🚀'], ['', 'ab']],
  ['(?:^a|b$|^$)', ['a', 'b', ''], ['ab']],
  ['(?:^|x)a(?:$|y$)', ['a', 'xa', 'ay', 'xay'], ['x', 'y', 'xxa']],
  ['(^a$)?', ['a', ''], ['aa']],
  ['a{0}b{0,0}', [''], ['a', 'b']],
  ['(a|){3}', ['', 'a', 'aaa'], ['aaaa']],
  ['(a*)*(b*)+?', ['', 'aab', 'b'], ['ba']],
  ['{"a": \\d}', ['{"a": 1}'], ['{"a": }']],
  ['\\d{3}\\-\\d', ['123-4'], ['1234']],
  ['\\d', ['7'], ['٣', '７']],
  ['\\w[\\b\\f]', ['_\b', 'a\f'], ['é\b', 'ab']],
  ['[^a]', ['b', '\u{10FFFF}'], ['\0', 'a']],
  ['[a-]-[-a]', ['a--', '--a'], ['b--']],
])('%s', (pattern, inside, outside) => {
  const automaton = open(pattern);
  for (const text of inside) expect([text, matches(automaton, text)]).toEqual([text, true]);
  for (const text of outside) expect([text, matches(automaton, text)]).toEqual([text, false]);
});

test('agrees with JavaScript’s engine on random patterns and texts', () => {
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
  ['(a', 'a group is not closed (at character 3)'],
  ['a)', 'a closing parenthesis has no opening one (at character 2)'],
  ['[a', 'a class is not closed'],
  ['[b-a]', 'a range in a class is out of order'],
  ['[\\w-a]', 'a range in a class whose ends are not characters'],
  ['a**', 'nothing to repeat'],
  ['a{2}{3}', 'nothing to repeat'],
  ['a++', 'nothing to repeat'],
  ['*a', 'nothing to repeat'],
  ['^*a', 'nothing to repeat'],
  ['a{3,2}', 'out of order'],
  ['a{,3}', 'must use {0,n}'],
  ['a{99999}', 'may not count a repetition to more than 10000'],
  [`a{${'9'.repeat(400)}}`, 'may not count a repetition to more than 10000'],
  [`a{1,${'9'.repeat(30)}}`, 'may not count a repetition to more than 10000'],
  ['(?=a)b', 'may not use (?= (at character 4)'],
  ['(?<!a)b', 'may not use (?<!'],
  ['(?i:a)', 'may not use (?i'],
  ['(?P<a>b)', 'may not use (?P'],
  ['(?<a>b)(?<a>c)', 'is not a regular expression'],
  ['(a)\\1', 'may not use \\1'],
  ['(?<a>b)\\k<a>', 'may not use \\k'],
  ['\\bword', 'may not use \\b'],
  ['\\p{L}', 'may not use \\p'],
  ['\\cA', 'may not use \\c'],
  ['\\01', 'may not use \\0'],
  ['a^b', 'may use ^ only at the start of the pattern (at character 2)'],
  ['a$b', 'may use $ only at the end of the pattern'],
  ['(a$|b)c', 'may use $ only at the end of the pattern (at character 3)'],
  ['(?:a$)*', 'may use $ only at the end of the pattern'],
  ['a(b|^c)', 'may use ^ only at the start of the pattern'],
  ['(^a){2}', 'may use ^ only at the start of the pattern'],
  ['a?^b', 'may use ^ only at the start of the pattern'],
  ['a\\', 'not a regular expression: it ends unexpectedly'],
  ['\\xZZ', '\\x without the hexadecimal digits'],
  ['\\u{110000}', '\\u without the hexadecimal digits'],
  ['[^\\s\\S]', 'requires a character that no answer can contain'],
  ['a[]b', 'requires a character that no answer can contain (at character 2)'],
  ['\\0', 'requires a character that no answer can contain'],
  ['\\ud83d', 'requires a character that no answer can contain'],
  ['\\ud83d\\u0041', 'requires a character that no answer can contain'],
  ['\\u{d83d}\\u{de80}', 'requires a character that no answer can contain'],
  ['\ud83d', 'requires a character that no answer can contain'],
  ['('.repeat(80) + ')'.repeat(80), 'may not nest groups deeper than'],
])('%s is refused with its reason', (pattern, message) => {
  expect(() => open(pattern)).toThrow(
    expect.objectContaining({ name: 'GrammarError', message: expect.stringContaining(message) }),
  );
});

test.each([
  '((a{0,100}){0,100}){0,100}',
  '(a{0,100}){0,100}',
  '((a|b|[^c]){0,30}|\\w{0,30}|.{0,30}){0,30}',
])('%s, which can match in too many ways, is refused', (pattern) => {
  expect(() => open(pattern)).toThrow(
    /regex (can match in too many ways|takes more than [\d,]+ steps)/u,
  );
});
