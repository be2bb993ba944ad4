import { connectDb, type Db, schema } from '@runfleet/db';
import { parseUsd, TASK_LIFE } from '@runfleet/protocol';
import { expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { readTask } from '../read/read-task.ts';
import { answer, assigned, running } from '../testing-life.ts';
import { aTask, aWorker, createTenant, testWithTasks as test } from '../testing.ts';
import { columnSet, selectList } from './column-set.ts';
import { isTime, TASK_RECORD, type Use } from './task-record.ts';
import { insertRows } from './task-statements.ts';
import { openTaskStore } from './task-store.ts';

const ALL = columnSet<Use>('create', 'decide', 'change', 'end');

test('every column of the table is in the record, with its type', async ({ db }) => {
  const columns = await db.sql<{ definition: string }[]>`
    select attname || ' ' || format_type(atttypid, -1) as definition from pg_attribute
    where attrelid = 'tasks'::regclass and attnum > 0 and not attisdropped`;
  const recorded = await db.sql<{ definition: string }[]>`
    select split_part(d, ' ', 1) || ' ' || format_type(to_regtype(split_part(d, ' ', 2)), -1) as definition
    from unnest(${ALL.definitions}::text[]) d`;
  const sorted = (rows: readonly { definition: string }[]) =>
    rows.map(({ definition }) => definition).toSorted();
  expect(sorted(recorded)).toEqual(sorted(columns));
});

test('the record has the fields of the Drizzle table, and a moment for each status', () => {
  const fields = Object.keys(TASK_RECORD).map((field) =>
    field === 'isParked' ? 'queuedIn' : field,
  );
  const columns = Object.keys(schema.tasks).filter((name) => name !== 'enableRLS');
  expect(fields.toSorted()).toEqual(columns.toSorted());
  const moments = Object.keys(TASK_RECORD).filter(isTime);
  expect(moments).toEqual(Object.values(TASK_LIFE).map(({ time }) => time));
});

test('a task that is read and written again is the same row', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const run = { affinity: 'a session', fairnessKey: 'ann', priority: 3, startTimeoutSeconds: 60 };
  const { id } = await createTask(ctx, aTask(tenant, run));
  const ticket = await assigned(ctx, id, await aWorker(store));
  await finishTask(ctx, ticket, { result: answer });
  const readRow = async () => (await db.sql`select * from tasks where id = ${id}`)[0];
  const before = await readRow();
  const [row] = await db.sql`
    select ${db.sql.unsafe(selectList(ALL))} from tasks t where t.id = ${id}`;
  const task = ALL.read(row ?? {});
  expect(task).toMatchObject(await readTask(ctx, { ...tenant, reference: { id } }));

  await db.sql`delete from task_events where task_id = ${id}`;
  await db.sql`delete from tasks where id = ${id}`;
  await db.sql.begin((tx) => insertRows(tx, ALL, [ALL.write(task, {})]));
  expect(await readRow()).toEqual(before);
});

test('a task that an older process created is billed by its rate', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const { id } = await createTask(ctx, aTask(tenant));
  const reference = { id };
  const { price } = await readTask(ctx, { ...tenant, reference });
  await db.sql`update tasks set price = null where id = ${id}`;
  const older = await readTask(ctx, { ...tenant, reference });
  expect(older.price).toEqual(price);
  const ticket = await running(ctx, id, await aWorker(store));
  await db.sql`
    update tasks set accepted_at = accepted_at - interval '9 seconds' where id = ${id}`;
  await finishTask(ctx, ticket, { result: answer });
  const { totalCost, receipt } = await readTask(ctx, { ...tenant, reference });
  expect(totalCost).toBeGreaterThan(parseUsd('0.005'));
  expect(receipt).toMatchObject({ priceVersion: price.version, cps: '0.000585000000' });
});

test('an older process finds the rate of a task that is created now', async ({
  ctx,
  db,
  tenant,
}) => {
  const { id } = await createTask(ctx, aTask(tenant));
  const [row] = await db.sql`select price_version, cps from tasks where id = ${id}`;
  expect(row).toEqual({ price_version: 'phi-3.5-mini-instruct/1', cps: '0.000585000000' });
});

test('commits of any size and kind use the same statements', async ({
  databaseUrl,
  db: _migrated,
}) => {
  await using db = connectDb(databaseUrl, { connections: 1 });
  await using store = openTaskStore({ db, queue: null, announce: () => {} });
  const tenant = await createTenant(db);
  const worker = await aWorker(store, 100);
  const carry = async (count: number) => {
    const tasks = Array.from({ length: count }, () => store.create(aTask(tenant)));
    const tickets = (await Promise.all(tasks)).map(({ id }) => assigned({ store }, id, worker));
    for (const ticket of await Promise.all(tickets))
      await finishTask({ store }, ticket, { result: answer });
  };
  await carry(1);
  const before = await preparedStatements(db);
  expect(before.length).toBeGreaterThan(3);
  await carry(3);
  await carry(7);
  expect(await preparedStatements(db)).toEqual(before);
});

/** Those that read or write tasks. */
async function preparedStatements(db: Db): Promise<string[]> {
  const rows = await db.sql<{ statement: string }[]>`
    select statement from pg_prepared_statements where statement ~ '\\mtasks\\M' order by 1`;
  return rows.map(({ statement }) => statement);
}
