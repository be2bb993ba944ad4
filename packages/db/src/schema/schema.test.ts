import { TASK_LIFE, TASK_STATUSES } from '@runfleet/protocol';
import { getTableColumns, getTableName, is } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { expect } from 'vitest';

import { testWithDb as test } from '../testing.ts';
import * as schema from './index.ts';

const TABLES = Object.values(schema).filter((table) => is(table, PgTable));

test.for(TABLES.map((table) => [getTableName(table), table] as const))(
  'the migrations make the columns of %s as the schema has them',
  async ([name, table], { db }) => {
    const made = await db.sql<{ column: string }[]>`
      select attname || ' ' || format_type(atttypid, atttypmod)
        || case when attnotnull then ' not null' else '' end as column
      from pg_attribute
      where attrelid = ${name}::regclass and attnum > 0 and not attisdropped`;
    const described = Object.entries(getTableColumns(table)).map(
      ([field, column]) =>
        `${snakeCase(field)} ${column.getSQLType().replaceAll(', ', ',')}${column.notNull ? ' not null' : ''}`,
    );
    expect(described.toSorted()).toEqual(made.map(({ column }) => column).toSorted());
  },
);

test('the migrations make a status and a moment for each row of TASK_LIFE', async ({ db }) => {
  const statuses = await db.sql<{ label: string }[]>`
    select unnest(enum_range(null::task_status))::text as label`;
  expect(statuses.map(({ label }) => label)).toEqual(TASK_STATUSES);
  const moments = await db.sql<{ name: string }[]>`
    select attname as name from pg_attribute where attrelid = 'tasks'::regclass and attnum > 0`;
  const names = moments.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining(Object.values(TASK_LIFE).map(({ time }) => snakeCase(time))),
  );
});

function snakeCase(field: string): string {
  return field.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
