import { expect, test } from 'vitest';

import { DECISIONS, type Decisions } from './actions.ts';
import { explore } from './explore.ts';

/** The bounds for tests; `pnpm model` can go further. */
const BOUNDS = { attempts: 2, generations: 1 };

test('in every state that one task, two workers and two attempts can reach, no law is broken', () => {
  const { broken, states, ended } = explore(BOUNDS);
  expect(broken).toBeNull();
  expect(states).toBeGreaterThan(10_000);
  expect(ended).toBeGreaterThan(500);
}, 120_000);

const withoutEpoch = <D extends 'decideAccept' | 'decideOutput' | 'decideFinish'>(name: D) => ({
  [name]: (state: { epoch: number }, input: object) =>
    // The three take different inputs, and only the epoch matters here.
    (DECISIONS[name] as (state: unknown, input: unknown) => unknown)(state, {
      ...input,
      epoch: state.epoch,
    }),
});

test.for<[string, Partial<Decisions>, string]>([
  ['an accept of an old epoch', withoutEpoch('decideAccept'), 'old epoch'],
  ['output of an old epoch', withoutEpoch('decideOutput'), 'old epoch'],
  ['a finish of an old epoch', withoutEpoch('decideFinish'), 'old epoch'],
  [
    'a kill that keeps the epoch',
    {
      decideKill: (state) => {
        const plan = DECISIONS.decideKill(state);
        return 'refused' in plan ? plan : plan.filter((step) => step.do !== 'raise-epoch');
      },
    },
    'the epoch was kept',
  ],
  [
    'an orphan whose worker holds it',
    {
      decideRequeueOrphan: (state, snapshot) =>
        DECISIONS.decideRequeueOrphan(state, { ...snapshot, holder: undefined }),
    },
    'requeued from a worker that holds it',
  ],
  [
    'an end that settles twice',
    {
      decideFinish: (state, input) => {
        const plan = DECISIONS.decideFinish(state, input);
        const settles = 'refused' in plan ? [] : plan.filter((step) => step.do === 'settle');
        return 'refused' in plan ? plan : [...settles, ...plan];
      },
    },
    'settled',
  ],
])('%s is found', ([, wrong, found]) => {
  const { broken } = explore(BOUNDS, { ...DECISIONS, ...wrong });
  expect(broken?.detail).toContain(found);
  expect(broken?.path.length).toBeGreaterThan(0);
});
