import { expect, test } from 'vitest';

import { Sampler, type SamplerOptions } from './sampler.ts';

const GREEDY: SamplerOptions = {
  temperature: 1,
  topP: 1,
  topK: 0,
  repetitionPenalty: 1,
  seed: 1n,
  greedy: true,
  minTokens: 0,
};
const SAMPLED: SamplerOptions = { ...GREEDY, greedy: false };
const LOGITS = [1, 3, 2, 0, -1, 2.5];

function draws(options: SamplerOptions, count: number, logits = LOGITS): number[] {
  const sampler = new Sampler(options, [], new Set([1]));
  return Array.from({ length: count }, () => sampler.next(Float32Array.from(logits)));
}

function shares(options: SamplerOptions): number[] {
  const counts = LOGITS.map(() => 0);
  for (const id of draws(options, 20_000)) counts[id] = (counts[id] ?? 0) + 1 / 20_000;
  return counts;
}

/** How far the shares are from those that the weights give. */
function distance(actual: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(...actual.map((share, id) => Math.abs(share - (weights[id] ?? 0) / total)));
}

test('greedy takes the largest, and the lowest id of equals', () => {
  expect(draws(GREEDY, 1)).toEqual([1]);
  expect(draws(GREEDY, 1, [2, 5, 5])).toEqual([1]);
  expect(draws({ ...SAMPLED, temperature: 0 }, 1)).toEqual([1]);
});

test('draws follow the softmax at a temperature', () => {
  expect(distance(shares(SAMPLED), LOGITS.map(Math.exp))).toBeLessThan(0.015);
  expect(
    distance(
      shares({ ...SAMPLED, temperature: 0.5 }),
      LOGITS.map((logit) => Math.exp(2 * logit)),
    ),
  ).toBeLessThan(0.015);
});

test('top-k leaves the k likeliest', () => {
  expect(
    distance(shares({ ...SAMPLED, topK: 2 }), [0, Math.exp(3), 0, 0, 0, Math.exp(2.5)]),
  ).toBeLessThan(0.015);
});

test('top-p leaves the fewest that reach it, also of what top-k left', () => {
  // Shares of all: 0.45, 0.27, 0.16, ... of the ids 1, 5, 2.
  expect(
    distance(shares({ ...SAMPLED, topP: 0.7 }), [0, Math.exp(3), 0, 0, 0, Math.exp(2.5)]),
  ).toBeLessThan(0.015);
  expect(distance(shares({ ...SAMPLED, topP: 0.01 }), [0, 1, 0, 0, 0, 0])).toBeLessThan(0.015);
  // Of the two that top-k leaves, the first has 0.62.
  expect(distance(shares({ ...SAMPLED, topK: 2, topP: 0.6 }), [0, 1, 0, 0, 0, 0])).toBeLessThan(
    0.015,
  );
});

test('a penalty moves seen ids down, positive and negative alike', () => {
  const sampler = new Sampler({ ...GREEDY, repetitionPenalty: 2 }, [0, 1], new Set());
  const logits = Float32Array.from([-1, 4, 3]);
  expect(sampler.next(logits)).toBe(2);
  expect([...logits]).toEqual([-2, 2, 3]);
  expect(sampler.next(Float32Array.from([-1, 4, 3]))).toBe(1);
});

test('stop ids cannot come before minTokens', () => {
  expect(draws({ ...GREEDY, minTokens: 2 }, 3)).toEqual([5, 5, 1]);
});

test('the same seed draws the same, another seed another', () => {
  expect(draws({ ...SAMPLED, seed: 5n }, 50)).toEqual(draws({ ...SAMPLED, seed: 5n }, 50));
  expect(draws({ ...SAMPLED, seed: 5n }, 50)).not.toEqual(draws({ ...SAMPLED, seed: 6n }, 50));
});

test('the draws of a seed are the same on every machine', () => {
  expect(draws({ ...SAMPLED, seed: 42n, topP: 0.95 }, 16)).toMatchInlineSnapshot(`
    [
      1,
      1,
      5,
      5,
      2,
      5,
      2,
      1,
      5,
      5,
      1,
      1,
      2,
      5,
      5,
      2,
    ]
  `);
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses logits with %s', (bad) => {
  expect(() => draws(GREEDY, 1, [0, bad, 1])).toThrow(
    expect.objectContaining({ kind: 'model', message: expect.stringContaining('not finite') }),
  );
});
