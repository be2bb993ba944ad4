import { expect, test } from 'vitest';

import { formatMoment } from './moment.ts';
import { testWithDb } from './testing.ts';

test.for([
  [1_795_408_260_123_456n, '2026-11-23T04:31:00.123456Z'],
  [1_795_408_260_000_007n, '2026-11-23T04:31:00.000007Z'],
  [0n, '1970-01-01T00:00:00.000000Z'],
] as const)('%s microseconds are %s', ([micros, text]) => {
  expect(formatMoment(micros)).toBe(text);
});

testWithDb('a moment survives Postgres to the microsecond', async ({ db }) => {
  for (const at of [0n, 1n, 946_684_800_000_000n, 1_795_408_260_123_457n]) {
    const [row] = await db.sql<
      { at: bigint }[]
    >`select ${formatMoment(at)}::text::timestamptz as at`;
    expect(row?.at).toBe(at);
  }
});
