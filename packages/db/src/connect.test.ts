import { expect } from 'vitest';

import { connectDb } from './connect.ts';
import { testWithDb } from './testing.ts';

testWithDb(
  'a connection that finds rows by ids plans once, and takes the index of an empty table',
  async ({ databaseUrl }) => {
    await using db = connectDb(databaseUrl, { connections: 1, findsByIds: true });
    for (const id of ['1', '2', '3']) {
      await db.sql`select seq from tasks where id = any(${[id]}::bigint[])`;
    }
    const [statement] = await db.sql<{ name: string; custom: string; generic: string }[]>`
      select name, custom_plans as custom, generic_plans as generic from pg_prepared_statements
      where statement like 'select seq from tasks%'`;
    expect(statement).toMatchObject({ custom: '0', generic: '3' });
    const plan = await db.sql.unsafe(`explain execute "${statement?.name}"('{4}')`);
    expect(plan.map((row) => Object.values(row)).join()).toMatch(
      /Index Scan (on|using) tasks_pkey/,
    );
  },
);
