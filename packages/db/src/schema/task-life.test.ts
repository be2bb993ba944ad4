import { TASK_LIFE, TASK_STATUSES } from '@runfleet/protocol';
import { expect } from 'vitest';

import { testWithDb as test } from '../testing.ts';

test('every status is a value of the enum, and its moment is a column of tasks', async ({ db }) => {
  const values = await db.sql<{ value: string }[]>`
    select unnest(enum_range(null::task_status))::text as value`;
  expect(new Set(values.map(({ value }) => value))).toEqual(new Set(TASK_STATUSES));

  const columns = await db.sql<{ name: string }[]>`
    select column_name as name from information_schema.columns where table_name = 'tasks'`;
  const moments = Object.values(TASK_LIFE).map(({ time }) =>
    time.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
  );
  expect(columns.map(({ name }) => name)).toEqual(expect.arrayContaining(moments));
});
