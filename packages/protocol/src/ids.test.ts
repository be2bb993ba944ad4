import { expect, test } from 'vitest';

import { newFileAccessKey, newTaskToken, TASK_TOKEN_PATTERN } from './ids.ts';

test('tokens and keys are unique, and their characters are equally likely', () => {
  const drawn = Array.from({ length: 20_000 }, () => [newTaskToken(), newFileAccessKey()]).flat();
  expect(new Set(drawn).size).toBe(drawn.length);
  for (const one of drawn) expect(one).toMatch(TASK_TOKEN_PATTERN);
  const counts = new Map<string, number>();
  for (const character of drawn.join('')) {
    counts.set(character, (counts.get(character) ?? 0) + 1);
  }
  expect(counts.size).toBe(62);
  // Ten standard deviations of 1,200,000 fair draws.
  const expected = (drawn.length * 30) / 62;
  for (const count of counts.values()) {
    expect(Math.abs(count - expected)).toBeLessThan(10 * Math.sqrt(expected));
  }
});
