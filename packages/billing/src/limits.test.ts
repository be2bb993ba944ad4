import { parseUsd, RunfleetError } from '@runfleet/protocol';
import { describe, expect, test } from 'vitest';

import {
  countKey,
  type Limit,
  LimitBook,
  type LimitCount,
  newCount,
  type RunSubject,
} from './limits.ts';
import { periodEnd, periodStart } from './periods.ts';

const at = (text: string) => BigInt(Date.parse(text)) * 1_000n;
/** A Sunday. */
const NOW = at('2026-11-29T23:59:59Z');
const HOLD = parseUsd('0.1');
const RUN: RunSubject = { organisationId: '3', projectId: '5', keyId: '6', endUser: 'ann' };

const aLimit = (changes: Partial<Limit> = {}): Limit => ({
  id: '1',
  level: 'organisation',
  subject: '',
  kind: 'spend',
  period: 'day',
  value: parseUsd('0.45'),
  isInForce: true,
  ...changes,
});

const bookOf = (limits: Limit[], counts: LimitCount[] = []) =>
  new LimitBook(
    new Map([['3', limits]]),
    new Map(counts.map((count) => [countKey(count.limitId, count.subject), count])),
  );

/** How many Runs of a hundred are admitted. */
function admit(book: LimitBook, run = RUN, now = NOW): number {
  let admitted = 0;
  for (let asked = 0; asked < 100; asked++) {
    try {
      book.count(run, HOLD, now);
      admitted += 1;
    } catch (error) {
      if (!(error instanceof RunfleetError && error.limit)) throw error;
    }
  }
  return admitted;
}

test.for<[string, string, string, string | null]>([
  ['day', '2026-11-29T23:59:59.9Z', '2026-11-29', '2026-11-30'],
  ['day', '2026-11-30T00:00:00Z', '2026-11-30', '2026-12-01'],
  ['week', '2026-11-29T23:59:59Z', '2026-11-23', '2026-11-30'],
  ['week', '2026-11-30T00:00:00Z', '2026-11-30', '2026-12-07'],
  ['month', '2026-12-31T12:00:00Z', '2026-12-01', '2027-01-01'],
  ['month', '2028-02-29T00:00:00Z', '2028-02-01', '2028-03-01'],
  ['total', '2026-12-31T12:00:00Z', '1970-01-01', null],
] as const)('the %s of %s begins on %s and ends on %s', ([period, now, start, end]) => {
  const startsAt = periodStart(period as Limit['period'], at(now));
  expect(startsAt).toBe(at(start));
  expect(periodEnd(period as Limit['period'], startsAt)).toBe(end === null ? null : at(end));
});

describe('a spend limit', () => {
  test.for<[string, Partial<Limit>, number]>([
    ['its organisation', {}, 4],
    ['its project', { level: 'project', subject: '5' }, 4],
    ['another project', { level: 'project', subject: '6' }, 100],
    ['its key', { level: 'key', subject: '6' }, 4],
    ['another key', { level: 'key', subject: '5' }, 100],
    ['its end user', { level: 'user', subject: 'ann' }, 4],
    ['each end user', { level: 'user' }, 4],
    ['another end user', { level: 'user', subject: 'ben' }, 100],
    ['its organisation, not in force yet', { isInForce: false }, 100],
    ['nothing', { value: 0n }, 0],
  ])('of %s admits as many Runs as fit', ([, changes, admitted]) => {
    expect(admit(bookOf([aLimit(changes)]))).toBe(admitted);
  });

  test('does not concern a Run that has no key and no end user', () => {
    const run = { ...RUN, keyId: null, endUser: '' };
    const limits = [aLimit({ level: 'key', subject: '6' }), aLimit({ id: '2', level: 'user' })];
    expect(admit(bookOf(limits), run)).toBe(100);
  });

  test('of each end user counts each one alone', () => {
    const book = bookOf([aLimit({ level: 'user' })]);
    expect([admit(book), admit(book, { ...RUN, endUser: 'ben' })]).toEqual([4, 4]);
    expect(book.opened.map(({ subject }) => subject)).toEqual(['ann', 'ben']);
  });

  test('counts what is settled and what is held, in the current period alone', () => {
    const of = { limitId: '1', subject: '', period: 'day' } as const;
    const count = (startsAt: bigint) => ({
      ...newCount({ ...of, startsAt }),
      settled: parseUsd('0.2'),
      held: parseUsd('0.1'),
      active: 1,
    });
    expect(admit(bookOf([aLimit()], [count(at('2026-11-29'))]))).toBe(1);
    expect(admit(bookOf([aLimit()], [count(at('2026-11-28'))]))).toBe(4);
    // The clock was set back: a period that began is not left again.
    expect(admit(bookOf([aLimit()], [count(at('2026-11-30'))]))).toBe(1);
  });

  test('that refuses a Run leaves it uncounted in every other limit', () => {
    const book = bookOf([aLimit({ value: parseUsd('9') }), aLimit({ id: '2', period: 'total' })]);
    expect(admit(book)).toBe(4);
    expect(() => book.count(RUN, parseUsd('9'), NOW)).toThrow(/per day/);
    expect(() => book.count(RUN, HOLD, NOW)).toThrow(/in total/);
    expect(book.opened.map(({ held, active }) => [held, active])).toEqual([
      [0n, 0],
      [0n, 0],
    ]);
  });

  test('names itself, its value, its use and when to retry', () => {
    const book = bookOf([aLimit({ level: 'project', subject: '5' })]);
    admit(book);
    expect(() => book.count(RUN, HOLD, NOW)).toThrow(
      expect.objectContaining({
        kind: 'spend_limit',
        message:
          'Spend limit reached: project 5 may spend 0.450000000000 USD per day (UTC); 0.400000000000 USD are spent or held, and this Run holds 0.100000000000 USD. Try again after 2026-11-30T00:00:00.000Z, or raise the limit.',
        retryAfterSeconds: 2,
        limit: {
          kind: 'spend',
          level: 'project',
          subject: '5',
          period: 'day',
          value: '0.450000000000',
          used: '0.400000000000',
          resetsat: String(Date.parse('2026-11-30') / 1_000),
        },
      }),
    );
  });
});

test('a limit of active tasks admits as many', () => {
  const book = bookOf([aLimit({ kind: 'active', period: 'now', value: parseUsd('7') })]);
  expect(admit(book)).toBe(7);
  expect(() => book.count(RUN, HOLD, NOW)).toThrow(
    'Task limit reached: this organisation may have 7 tasks queued or running at once, and has 7. Wait for one to end.',
  );
});
