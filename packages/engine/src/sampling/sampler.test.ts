import { describe, expect, test } from 'vitest';

import { Sampler, type SamplerOptions } from './sampler.ts';

const GREEDY: SamplerOptions = {
  temperature: 1,
  topP: 1,
  topK: 0,
  minP: 0,
  repetitionPenalty: 1,
  presencePenalty: 0,
  frequencyPenalty: 0,
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

/** The distance of the shares from those that the weights give. */
function distance(actual: readonly number[], weights: readonly number[]): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Math.max(...actual.map((share, id) => Math.abs(share - (weights[id] ?? 0) / total)));
}

test('greedy chooses the largest logit, and the lowest id among equal ones', () => {
  expect(draws(GREEDY, 1)).toEqual([1]);
  expect(draws(GREEDY, 1, [2, 5, 5])).toEqual([1]);
  for (const changes of [{ temperature: 0 }, { temperature: 1e-9 }, { topK: 1 }]) {
    expect(draws({ ...SAMPLED, ...changes }, 50)).toEqual(Array(50).fill(1));
  }
});

test('samples follow the softmax at a temperature', () => {
  expect(distance(shares(SAMPLED), LOGITS.map(Math.exp))).toBeLessThan(0.015);
  expect(
    distance(
      shares({ ...SAMPLED, temperature: 0.5 }),
      LOGITS.map((logit) => Math.exp(2 * logit)),
    ),
  ).toBeLessThan(0.015);
});

test('top-k keeps the k likeliest', () => {
  expect(
    distance(shares({ ...SAMPLED, topK: 2 }), [0, Math.exp(3), 0, 0, 0, Math.exp(2.5)]),
  ).toBeLessThan(0.015);
});

test('top-p keeps the fewest tokens that reach it, also among those that top-k kept', () => {
  // Shares of the total: 0.45, 0.27, 0.16, ... for the ids 1, 5, 2.
  expect(
    distance(shares({ ...SAMPLED, topP: 0.7 }), [0, Math.exp(3), 0, 0, 0, Math.exp(2.5)]),
  ).toBeLessThan(0.015);
  expect(distance(shares({ ...SAMPLED, topP: 0.01 }), [0, 1, 0, 0, 0, 0])).toBeLessThan(0.015);
  // Of the two that top-k keeps, the first has 0.62.
  expect(distance(shares({ ...SAMPLED, topK: 2, topP: 0.6 }), [0, 1, 0, 0, 0, 0])).toBeLessThan(
    0.015,
  );
});

test('min-p keeps the tokens with at least that share of the likeliest', () => {
  // Weights relative to the likeliest: 0.14, 1, 0.37, 0.05, 0.02, 0.61.
  const weights = LOGITS.map(Math.exp);
  const without = (...ids: number[]) =>
    weights.map((weight, id) => (ids.includes(id) ? 0 : weight));
  expect(distance(shares({ ...SAMPLED, minP: 0.1 }), without(3, 4))).toBeLessThan(0.015);
  expect(distance(shares({ ...SAMPLED, minP: 0.4 }), without(0, 2, 3, 4))).toBeLessThan(0.015);
  expect(distance(shares({ ...SAMPLED, minP: 1 }), [0, 1, 0, 0, 0, 0])).toBeLessThan(1e-9);
});

test('min-p applies to the softmax after the temperature, and top-p to what min-p kept', () => {
  // At temperature 2 the weights are 0.37, 1, 0.61, 0.22, 0.14, 0.78.
  const hot = LOGITS.map((logit) => Math.exp(logit / 2));
  const options = { ...SAMPLED, temperature: 2, minP: 0.5 };
  const left = [0, hot[1] ?? 0, hot[2] ?? 0, 0, 0, hot[5] ?? 0];
  expect(distance(shares(options), left)).toBeLessThan(0.015);
  // Among those three, the first two have 0.75; among all six they have 0.57.
  expect(
    distance(shares({ ...options, topP: 0.7 }), [0, left[1] ?? 0, 0, 0, 0, left[5] ?? 0]),
  ).toBeLessThan(0.015);
});

test('a repetition penalty lowers the logits of earlier ids, positive and negative', () => {
  const sampler = new Sampler({ ...GREEDY, repetitionPenalty: 2 }, [0, 1], new Set());
  const logits = Float32Array.from([-1, 4, 3]);
  expect(sampler.next(logits)).toBe(2);
  expect([...logits]).toEqual([-2, 2, 3]);
  expect(sampler.next(Float32Array.from([-1, 4, 3]))).toBe(1);
});

test('presence counts a token once and frequency each time, in the answer and not in the prompt', () => {
  const after = (changes: Partial<SamplerOptions>) => {
    const sampler = new Sampler({ ...GREEDY, ...changes }, [1, 2], new Set());
    const first = Float32Array.from([9, 2, 1]);
    sampler.next(first);
    expect([...first]).toEqual([9, 2, 1]);
    sampler.next(Float32Array.from([9, 2, 1]));
    const third = Float32Array.from([9, 2, 1]);
    sampler.next(third);
    return [...third];
  };
  expect(after({ presencePenalty: 0.5 })).toEqual([8.5, 2, 1]);
  expect(after({ frequencyPenalty: 0.5 })).toEqual([8, 2, 1]);
  expect(after({ frequencyPenalty: 0.5, presencePenalty: -1 })).toEqual([9, 2, 1]);
});

test('stop ids cannot come before minTokens', () => {
  expect(draws({ ...GREEDY, minTokens: 2 }, 3)).toEqual([5, 5, 1]);
});

test('a mask without any token of the model ends the answer and never chooses the first token', () => {
  for (const options of [GREEDY, SAMPLED]) {
    for (const allowed of [Int32Array.of(0), Int32Array.of(1 << 20)]) {
      const sampler = new Sampler(options, [], new Set([1]));
      expect(() => sampler.next(Float32Array.from(LOGITS), allowed)).toThrow(
        expect.objectContaining({ kind: 'input' }),
      );
    }
  }
});

describe('a mask', () => {
  const mask = (...ids: number[]) => Int32Array.of(ids.reduce((bits, id) => bits | (1 << id), 0));
  const next = (options: SamplerOptions, allowed: Int32Array) =>
    new Sampler(options, [], new Set([1])).next(Float32Array.from(LOGITS), allowed);

  test('keeps the likeliest of the tokens it allows, also with greedy and with a penalty', () => {
    expect(next(GREEDY, mask(0, 3, 4))).toBe(0);
    const sampler = new Sampler({ ...GREEDY, repetitionPenalty: 50 }, [4], new Set());
    expect(sampler.next(Float32Array.from(LOGITS), mask(3, 4))).toBe(3);
  });

  test('is respected by every sample', () => {
    const sampler = new Sampler({ ...SAMPLED, temperature: 5, topP: 0.99 }, [], new Set([1]));
    const seen = new Set<number>();
    for (let round = 0; round < 500; round += 1) {
      seen.add(sampler.next(Float32Array.from(LOGITS), mask(0, 3, 4)));
    }
    expect(seen).toEqual(new Set([0, 3, 4]));
  });

  test('that allows only an end overrides minTokens', () => {
    expect(next({ ...GREEDY, minTokens: 5 }, mask(1))).toBe(1);
    expect(next({ ...GREEDY, minTokens: 5 }, mask(1, 4))).toBe(4);
  });
});

test('the same seed gives the same samples, another seed different ones', () => {
  expect(draws({ ...SAMPLED, seed: 5n }, 50)).toEqual(draws({ ...SAMPLED, seed: 5n }, 50));
  expect(draws({ ...SAMPLED, seed: 5n }, 50)).not.toEqual(draws({ ...SAMPLED, seed: 6n }, 50));
});

test('the samples of a seed are the same on every machine', () => {
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

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  'refuses logits with %s',
  (bad) => {
    expect(() => draws(GREEDY, 1, [0, bad, 1])).toThrow(
      expect.objectContaining({ kind: 'model', message: expect.stringContaining('not finite') }),
    );
  },
);
