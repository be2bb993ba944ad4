import { parseUsd } from '@runfleet/protocol';
import { expect, test } from 'vitest';

import { compatibleAdmission, QUEUED_TASKS_MAX, requireAdmission } from './admission.ts';

const HOLD = parseUsd('0.2');

/** How a Run ends at the door: with 'accepted', or the kind of its refusal. */
function ask(
  account: { usd: string; held?: string; activeTasks?: number },
  overflow: 'reject' | 'queue',
  hold = HOLD,
): string {
  const { usd, held = '0', activeTasks = 0 } = account;
  const books = { balance: parseUsd(usd), held: parseUsd(held), activeTasks };
  try {
    requireAdmission(books, hold, compatibleAdmission, overflow);
    return 'accepted';
  } catch (error) {
    return (error as { kind: string }).kind;
  }
}

test('a refusal reads as existing clients print it', () => {
  const refusal = (usd: string, activeTasks: number) => () =>
    requireAdmission(
      { balance: parseUsd(usd), held: 0n, activeTasks },
      HOLD,
      compatibleAdmission,
      'reject',
    );
  expect(refusal('0', 0)).toThrow(/^Insufficient balance$/);
  expect(refusal('50.009', 5)).toThrow(
    'You have reached your concurrent task limit. With your current balance of $50.00, you can run up to 5 tasks at the same time. Add funds to increase your limit.',
  );
});

test.for<[string, Parameters<typeof ask>, string]>([
  ['no money', [{ usd: '0' }, 'reject'], 'insufficient_balance'],
  ['less than the minimum', [{ usd: '0.49' }, 'reject'], 'insufficient_balance'],
  ['the minimum', [{ usd: '0.5' }, 'reject'], 'accepted'],
  ['all of it held', [{ usd: '10', held: '9.6' }, 'reject'], 'insufficient_balance'],
  ['less than an expensive hold', [{ usd: '5' }, 'reject', parseUsd('6')], 'insufficient_balance'],
  ['10 USD and a task', [{ usd: '10', activeTasks: 1 }, 'reject'], 'concurrency_limit'],
  ['20 USD and a task', [{ usd: '20', activeTasks: 1 }, 'reject'], 'accepted'],
  ['250 USD and 25 tasks', [{ usd: '250', activeTasks: 25 }, 'reject'], 'concurrency_limit'],
  ['more than 250 USD', [{ usd: '250.01', activeTasks: 5_000 }, 'reject'], 'accepted'],
  ['10 USD and a task, queueing', [{ usd: '10', activeTasks: 1 }, 'queue'], 'accepted'],
  ['no money, queueing', [{ usd: '0' }, 'queue'], 'insufficient_balance'],
  ['a full queue', [{ usd: '900', activeTasks: QUEUED_TASKS_MAX }, 'queue'], 'concurrency_limit'],
])('a Run with %s', ([, asked, expected]) => {
  expect(ask(...asked)).toBe(expected);
});

test('a tenant that queues past its limit may have 10,000 tasks', () => {
  expect(QUEUED_TASKS_MAX).toBe(10_000);
});

test('a queue that is full says how full and what to do', () => {
  const full = { balance: parseUsd('10'), held: 0n, activeTasks: QUEUED_TASKS_MAX };
  expect(() => requireAdmission(full, HOLD, compatibleAdmission, 'queue')).toThrow(
    'Queue limit reached: 10000 of 10000 tasks queued or running. Wait for some to end.',
  );
});
