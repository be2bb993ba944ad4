import { expect, test } from 'vitest';

import { checkGrammar } from './check-grammar.ts';
import { openingWork } from './open-grammar.ts';
import type { OutputGrammar } from './output-grammar.ts';

const stepsOf = (given: OutputGrammar) => {
  const work = openingWork(given);
  checkGrammar(given, work);
  return work.spent;
};
const regex = (pattern: string): OutputGrammar => ({ kind: 'regex', pattern });

test('a grammar costs the same steps each time it is checked', () => {
  const schema: OutputGrammar = { kind: 'json_schema', schema: '{"multipleOf":7}' };
  const first = stepsOf(schema);
  expect(first).toBeGreaterThan(1_000);
  for (let other = 0; other < 40; other += 1) {
    stepsOf(regex(`a{${other}}`));
    expect(stepsOf(schema)).toBe(first);
  }
});

test('a pattern is not taken for a schema, and a refused grammar is refused again', () => {
  expect(stepsOf(regex('{}'))).not.toBe(stepsOf({ kind: 'json_schema', schema: '{}' }));
  for (let time = 0; time < 2; time += 1) {
    expect(() => stepsOf(regex('a(?=b)'))).toThrow('regex may not use (?=');
  }
});
