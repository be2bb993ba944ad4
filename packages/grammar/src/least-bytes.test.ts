import { expect, test } from 'vitest';

import { leastBytes } from './least-bytes.ts';
import { byte, choice, EMPTY, literal, NOTHING, type Node, repeat, sequence } from './node.ts';

test.each<[string, Node, number]>([
  ['nothing', EMPTY, 0],
  ['no text at all', NOTHING, 0],
  ['a text in UTF-8', literal('aé'), 3],
  ['a sequence', sequence(byte(1), literal('ab')), 3],
  ['the shortest choice', choice(literal('abc'), literal('ab')), 2],
  ['a repetition', repeat(literal('ab'), 3, 9), 6],
  ['an optional repetition', repeat(literal('ab'), 0, 9), 0],
  ['a rule', { kind: 'rule', open: () => literal('ab'), field: '' }, 0],
])('the least bytes of %s are counted', (_, node, bytes) => {
  expect(leastBytes(node)).toBe(bytes);
});

test('a node of many parts counts fewer than it has, never more', () => {
  const many = sequence(...Array.from({ length: 100 }, () => byte(1, 2)));
  expect(leastBytes(many)).toBeGreaterThan(0);
  expect(leastBytes(many)).toBeLessThanOrEqual(100);
  const options = Array.from({ length: 100 }, (_, at) => literal('x'.repeat(100 - at)));
  expect(leastBytes(choice(...options))).toBe(0);
});
