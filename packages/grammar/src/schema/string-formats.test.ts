import { isIPv4, isIPv6 } from 'node:net';

import fc from 'fast-check';
import { expect, test } from 'vitest';

import { openGrammar } from '../open-grammar.ts';
import { draws } from '../testing/draws.ts';
import { matches } from '../testing/matches.ts';
import { randomText } from '../testing/random-text.ts';

const open = (format: string) =>
  openGrammar({ kind: 'json_schema', schema: JSON.stringify({ type: 'string', format }) })
    .automaton;

/** Other implementations of the formats. */
const isRight: Record<string, (text: string) => boolean> = {
  date: (text) => new Date(`${text}T00:00:00Z`).toISOString().startsWith(text),
  'date-time': (text) => Number.isFinite(Date.parse(text)),
  hostname: (text) =>
    text.length <= 253 &&
    text.split('.').every((part) => /^(?!-)(?!..--)[A-Za-z0-9-]{1,63}(?<!-)$/u.test(part)),
  ipv4: isIPv4,
  ipv6: isIPv6,
  uri: (text) => URL.canParse(text),
  email: (text) => text.length <= 254 && text.indexOf('@') <= 64,
};

test.each(Object.keys(isRight))('every text of the format %s has it', (format) => {
  const automaton = open(format);
  fc.assert(
    fc.property(draws, fc.nat(60), (draw, length) => {
      const text = String(JSON.parse(randomText(automaton, draw, length)));
      expect({ text, isRight: isRight[format]?.(text) }).toEqual({ text, isRight: true });
    }),
    { numRuns: 200 },
  );
});

test.each<[string, string[], string[]]>([
  ['ipv6', ['::', '::1', '1::', 'fe80::1:2', '1:2:3:4:5:6:7:8', '1::3:4:5:6:7:8'], ['1:2', ':::']],
  ['duration', ['P1Y2M3D', 'P1W', 'PT1H30M', 'P1DT12H', 'PT0S'], ['P', 'PT', 'P1YT', 'P1H', '1D']],
  ['uri', ['https://example.org/a?b=c#d', 'ftp://a:21/x//y'], ['/a', 'example.org', 'a://b c']],
  ['email', ['a@b.co', 'first.last+tag@mail.example.org'], ['a@b', '.a@b.co', 'a..b@c.de']],
  ['hostname', ['a', 'a-b.example.org'], ['-a', 'a-', 'a..b', 'a_b']],
  ['json-pointer', ['', '/a/b~1c', '/'], ['a', '/~2']],
  ['relative-json-pointer', ['0', '1/a', '2#'], ['/a', '01']],
])('the format %s takes its common forms', (format, inside, outside) => {
  const automaton = open(format);
  for (const text of inside) expect([text, matches(automaton, `"${text}"`)]).toEqual([text, true]);
  for (const text of outside) {
    expect([text, matches(automaton, `"${text}"`)]).toEqual([text, false]);
  }
});
