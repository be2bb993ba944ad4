import { expect } from 'vitest';

import { connectDb } from './connect.ts';
import { schema } from './index.ts';
import { HOSTILE_SETTINGS, setDatabase, testWithDb as test } from './testing.ts';

test.for([false, true])(
  'values read do not depend on session settings (behind a pooler: %s)',
  async (isPooled, { databaseUrl, db }) => {
    await setDatabase(db, HOSTILE_SETTINGS);
    await using hostile = connectDb(databaseUrl, { isPooled });
    const read = async () => {
      const [withParameter] = await hostile.sql`
      select '2026-11-23 04:31:00.123456+00'::timestamptz as at, decode('00ff', 'hex') as bytes,
        1.1::float8 / 3 as ratio, '2026-11-23'::date as day, ${'x'}::text as text, 12.5::numeric as amount`;
      const [without] = await hostile.sql`select 'epoch'::timestamptz as at, chr(92) as text`;
      return { ...withParameter, without };
    };
    const expected = {
      at: 1_795_408_260_123_456n,
      bytes: Buffer.from([0, 255]),
      ratio: 1.1 / 3,
      day: new Date('2026-11-23'),
      text: 'x',
      amount: '12.5',
      without: { at: 0n, text: '\\' },
    };
    // The second run uses a prepared statement.
    expect(await read()).toEqual(expected);
    expect(await read()).toEqual(expected);

    await hostile.sql.begin(async (tx) => {
      const [row] =
        await tx`select current_setting('transaction_isolation') as isolation, now() - now() = interval '0' as same`;
      expect(row).toEqual({ isolation: 'read committed', same: true });
    });
    const [user] = await hostile.orm
      .insert(schema.users)
      .values({ email: 'a@example.org', name: 'A' })
      .returning();
    expect(Math.abs((user?.createdAt.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
  },
);
