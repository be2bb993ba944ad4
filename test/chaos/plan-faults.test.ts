import { expect, test } from 'vitest';

import { FAULT_KINDS, targetsOf } from './faults.ts';
import { planFaults } from './plan-faults.ts';

const seeds = Array.from({ length: 50 }, (_, index) => index + 1);

test('the same seed plans the same faults, and another seed plans others', () => {
  const plan = (seed: number) => planFaults({ seed, forMs: 60_000, everyMs: 2_000 });
  expect(plan(7)).toEqual(plan(7));
  expect(plan(7)).not.toEqual(plan(8));
});

test('even a short plan has each kind of fault, within 35 seconds', () => {
  for (const seed of seeds) {
    const faults = planFaults({ seed, forMs: 0, everyMs: 800 });
    expect(faults.map(({ kind }) => kind).toSorted()).toEqual(FAULT_KINDS.toSorted());
    expect(faults.every(({ kind, target }) => targetsOf(kind).includes(target))).toBe(true);
    expect(Math.max(...faults.map(({ atMs, forMs }) => atMs + forMs))).toBeLessThan(35_000);
  }
});

test('no target is hit while it still has a fault', () => {
  for (const seed of seeds) {
    const faults = planFaults({ seed, forMs: 600_000, everyMs: 4_000 });
    expect(faults.length).toBeGreaterThan(100);
    const hitTooEarly = faults.filter(({ target, atMs, forMs }) =>
      faults.some(
        (next) => next.target === target && next.atMs > atMs && next.atMs <= atMs + forMs,
      ),
    );
    expect(hitTooEarly).toEqual([]);
  }
});
