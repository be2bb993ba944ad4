import { expect, test } from 'vitest';

import { formatMoment, parseMoment } from './moment.ts';
import { testWithDb } from './testing.ts';

test.for([
  ['2026-11-23 04:31:00.123456+00', 1_795_408_260_123_456n],
  ['2026-11-23 04:31:00+00', 1_795_408_260_000_000n],
  ['2026-11-23 10:01:00.5+05:30', 1_795_408_260_500_000n],
  ['1970-01-01 00:00:00+00', 0n],
] as const)('%s is %s microseconds', ([text, micros]) => {
  expect(parseMoment(text)).toBe(micros);
});

testWithDb('Postgres gives back the microsecond that it was given', async ({ db }) => {
  const at = 1_795_408_260_123_457n;
  const [row] = await db.sql<{ at: bigint }[]>`select ${formatMoment(at)}::text::timestamptz as at`;
  expect(row?.at).toBe(at);
});
