import fc from 'fast-check';
import { expect, test } from 'vitest';

import { SeededRandom } from './seeded-random.ts';
import { Softmax } from './softmax.ts';

const logitsOf = (length: number) =>
  fc.array(fc.float({ min: -40, max: 40, noNaN: true }), { minLength: length, maxLength: 60 });
const limits = fc.record({
  temperature: fc.double({ min: 0.05, max: 5, noNaN: true }),
  topK: fc.integer({ min: 0, max: 70 }),
  topP: fc.double({ min: 0.01, max: 1, noNaN: true }),
  minP: fc.constantFrom(0, 0.01, 0.1, 0.5, 1),
});

test('the limits keep what sorting the whole softmax would keep', () => {
  fc.assert(
    fc.property(logitsOf(1), limits, (given, { temperature, topK, topP, minP }) => {
      const logits = Float32Array.from(given);
      const max = Math.max(...logits);
      const sorted = Array.from(logits, (logit, id) => ({
        id,
        logit,
        weight: Math.exp((logit - max) / temperature),
      }))
        .filter(({ weight }) => weight > 2 ** -40 && weight >= minP)
        .toSorted((left, right) => right.logit - left.logit || left.id - right.id)
        .slice(0, topK || undefined);
      const mass = sorted.reduce((sum, { weight }) => sum + weight, 0);
      let kept = 0;
      // If a limit falls exactly on a token, either result is right.
      let isClose = minP > 0 && sorted.some(({ weight }) => Math.abs(weight / minP - 1) < 1e-9);
      const expected = sorted.filter(({ weight }) => {
        if (topP < 1 && Math.abs(kept - topP * mass) < 1e-9 * mass) isClose = true;
        const isIn = topP === 1 || kept === 0 || kept < topP * mass;
        kept += weight;
        return isIn;
      });
      fc.pre(!isClose && sorted.every(({ weight }) => weight > 2 ** -39));

      const softmax = new Softmax();
      softmax.fill(logits, { max, temperature, minP });
      if (topK > 0) softmax.keepTop(topK);
      if (topP < 1) softmax.keepShare(topP);
      const left = softmax.likeliest(logits.length).map((id) => logits[id]);
      expect(left).toEqual(expected.map(({ id }) => logits[id]));
    }),
    { numRuns: 500 },
  );
});

test('samples over a whole vocabulary follow the softmax', () => {
  const random = new SeededRandom(3n);
  const logits = Float32Array.from({ length: 32_064 }, () => 6 * random.nextUnit());
  logits[7] = 14;
  logits[30_000] = 13;
  const softmax = new Softmax();
  softmax.fill(logits, { max: 14, temperature: 1, minP: 0 });
  const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
  expect(softmax.logSum).toBeCloseTo(Math.log(total), 10);

  const counts = new Map<number, number>();
  for (let round = 0; round < 40_000; round += 1) {
    const id = softmax.draw(random.nextUnit());
    counts.set(id, (counts.get(id) ?? 0) + 1);
  }
  for (const id of [7, 30_000]) {
    const share = Math.exp(logits[id] ?? 0) / total;
    expect(Math.abs((counts.get(id) ?? 0) / 40_000 - share)).toBeLessThan(0.01);
  }
  // The rest is so flat that nearly every sample from it is another token.
  expect(counts.size).toBeGreaterThan(2_000);
});

test('among equal logits the lowest ids are kept', () => {
  const softmax = new Softmax();
  softmax.fill(new Float32Array(100).fill(2), { max: 2, temperature: 1, minP: 0 });
  softmax.keepTop(50);
  softmax.keepShare(0.1);
  expect(softmax.likeliest(100)).toEqual([0, 1, 2, 3, 4]);
});

test('the ends of the range give the first and the last token that is kept', () => {
  const softmax = new Softmax();
  softmax.fill(Float32Array.of(0, 30, 29, -10), { max: 30, temperature: 1, minP: 0 });
  softmax.keepTop(2);
  expect([softmax.draw(0), softmax.draw(1 - 2 ** -53)]).toEqual([1, 2]);
});
