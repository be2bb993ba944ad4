/** Demo data obeys the laws of `packages/tasks`. */
import { readAccount, cpsOf } from '@runfleet/billing';
import { MODELS } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import {
  canTransition,
  formatUsd,
  INITIAL_STATUS,
  isTerminal,
  OUTCOMES,
  parseUsd,
  TASK_LIFE,
  taskStatusSchema,
  type TaskStatus,
} from '@runfleet/protocol';
import {
  listWorkers,
  listQueuedTasks,
  EVERY_TASK,
  listTasks,
  readFleet,
  repair,
  repairAccounts,
  REPAIRS,
  readTask,
  tickPulse,
} from '@runfleet/tasks';
import { createTask } from '@runfleet/tasks';
import { aTask, createTenant, testWithTasks } from '@runfleet/tasks/testing';
import { describe, expect } from 'vitest';

import { DEMO_POOL, findDemoOrganisations, NAME_PREFIX } from './demo-marks.ts';
import { purgeDemoData } from './purge-demo-data.ts';
import { seedDemoData } from './seed-demo-data.ts';
import { FATES } from './tell-life.ts';

const OPTIONS = { password: 'a password for three', seed: 7 };

const test = testWithTasks.extend('seeded', async ({ db }) => seedDemoData({ db }, OPTIONS));

type Event = { seq: number; type: string; epoch: number; at: bigint; payload: unknown };

async function logs(db: Db): Promise<Map<string, Event[]>> {
  const rows = await db.sql<(Event & { taskId: string })[]>`
    select task_id as "taskId", seq, type, epoch, at, payload from task_events
    order by task_id, seq`;
  const byTask = new Map<string, Event[]>();
  for (const { taskId, ...event } of rows) {
    byTask.set(taskId, [...(byTask.get(taskId) ?? []), event]);
  }
  return byTask;
}

async function allTasks(db: Db) {
  const rows = await db.sql<{ id: string; organisationId: string }[]>`
    select id, organisation_id as "organisationId" from tasks order by id`;
  return Promise.all(
    rows.map(({ id, organisationId }) => readTask({ db }, { organisationId, reference: { id } })),
  );
}

/** Every transfer's debit and credit, summed per ledger account: what the account rows must equal. */
async function ledgerOf(db: Db, organisationId: string) {
  const [row] = await db.sql`
    with sides as (
      select credit as account, amount from transfers where organisation_id = ${organisationId}
      union all
      select debit, -amount from transfers where organisation_id = ${organisationId}
    )
    select
      coalesce(sum(amount) filter (where account like 'customer:%'), 0)::numeric(24,12) as available,
      coalesce(sum(amount) filter (where account like 'held:%'), 0)::numeric(24,12) as held,
      coalesce(sum(amount) filter (where account = 'revenue'), 0)::numeric(24,12) as revenue,
      coalesce(sum(amount), 0)::numeric(24,12) as all
    from sides`;
  return row;
}

describe('the logs', () => {
  test('are gapless, in order of time, and contain only legal transitions', async ({
    db,
    seeded,
  }) => {
    const byTask = await logs(db);
    expect(byTask.size).toBe(seeded.tasks);
    for (const log of byTask.values()) {
      expect(log.map(({ seq }) => seq)).toEqual(log.map((_, index) => index + 1));
      let status: TaskStatus | null = null;
      for (const [index, event] of log.entries()) {
        const before = log[index - 1];
        expect(event.at >= (before?.at ?? 0n)).toBe(true);
        expect(event.epoch).toBeGreaterThanOrEqual(before?.epoch ?? 0);
        const entered = taskStatusSchema.safeParse(event.type).data;
        if (!entered) continue;
        if (status !== null) expect(canTransition(status, entered)).toBe(true);
        else expect(entered).toBe(INITIAL_STATUS);
        status = entered;
      }
    }
  });

  test('end once, with one hold and one settlement; a queued task has no end', async ({
    db,
    seeded,
  }) => {
    expect(seeded.tasks).toBe(500);
    for (const log of (await logs(db)).values()) {
      const ends = log.filter(({ type }) => isTerminalType(type));
      const costs = log.filter(({ type }) => type === 'task_cost');
      if (ends.length === 0) {
        expect(log.map(({ type }) => type)).toEqual(['task_queue', 'task_cost']);
      } else {
        expect(ends).toEqual([log.at(-1)]);
        expect(costs.map(({ payload }) => (payload as { kind: string }).kind)).toEqual([
          'hold',
          'settle',
        ]);
      }
    }
  });

  test('agree with the rows: last event, epoch, times and text', async ({ db, seeded }) => {
    const byTask = await logs(db);
    const tasks = await allTasks(db);
    expect(tasks).toHaveLength(seeded.tasks);
    for (const task of tasks) {
      const log = byTask.get(task.id) ?? [];
      const last = log.at(-1);
      expect(task).toMatchObject({ seq: last?.seq, epoch: last?.epoch, workerId: null });
      const attempt = log.slice(log.findLastIndex(({ type }) => type === INITIAL_STATUS));
      for (const [status, { time }] of Object.entries(TASK_LIFE)) {
        if (status === INITIAL_STATUS) continue;
        const entered = attempt.find(({ type }) => type === status);
        expect(task.times[time]).toBe(entered?.at ?? null);
      }
      expect(task.times.queuedAt).toBe(log[0]?.at);
      if (task.outcome !== 'succeeded') continue;
      const said = attempt
        .filter(({ type }) => type === 'task_output')
        .map(({ payload }) => payload as { raw: string; tokens: number });
      expect(said.map(({ raw }) => raw).join('')).toBe(task.debugOutput);
      expect(task.debugOutput).not.toBe('');
      expect(said.at(-1)?.tokens).toBe(task.receipt?.completionTokens);
    }
  });
});

describe('the money', () => {
  test('balances in every organisation, and revenue is the cost of its tasks', async ({
    db,
    seeded,
  }) => {
    expect(seeded.emails).toHaveLength(3);
    const tasks = await allTasks(db);
    for (const organisationId of await findDemoOrganisations({ db })) {
      const own = tasks.filter((task) => task.organisationId === organisationId);
      const queued = own.filter(({ status }) => status === INITIAL_STATUS);
      const account = await readAccount({ db }, organisationId);
      expect(account.activeTasks).toBe(queued.length);
      expect(account.held).toBe(queued.reduce((sum, { held }) => sum + held, 0n));
      const cost = own.reduce((sum, { totalCost }) => sum + totalCost, 0n);
      expect(await ledgerOf(db, organisationId)).toEqual({
        available: formatUsd(account.balance - account.held),
        held: formatUsd(account.held),
        revenue: formatUsd(cost),
        all: formatUsd(0n),
      });
    }
  });

  test('is charged only for successes: time times price, to the last digit, and at most the hold', async ({
    db,
    seeded,
  }) => {
    expect(seeded.tasks).toBe(500);
    for (const task of await allTasks(db)) {
      if (task.outcome === null) continue;
      const { pexit, charged } = OUTCOMES[task.outcome];
      expect(task.pexit).toBe(pexit);
      expect(task.receipt?.cost).toBe(formatUsd(task.totalCost));
      const { acceptedAt, endedAt } = task.times;
      if (!charged) {
        expect(task.totalCost).toBe(0n);
      } else {
        const elapsed = (endedAt ?? 0n) - (acceptedAt ?? 0n);
        const billed = (elapsed / 100n) * (parseUsd(cpsOf(task.price)) / 10_000n);
        expect(task.totalCost).toBe(billed < task.held ? billed : task.held);
        expect(task.totalCost).toBeGreaterThan(0n);
      }
    }
  });
});

describe('the fleet', () => {
  test('never gets demo tasks: no model has their pool, no slot is free, and nothing needs repair', async ({
    db,
    store,
    queue,
    seeded,
  }) => {
    expect(MODELS.map(({ pool }) => pool)).not.toContain(DEMO_POOL);
    for (const { pool } of MODELS) {
      expect(await listQueuedTasks({ db }, { pool, afterId: '0', limit: 10 })).toEqual([]);
    }
    const free = { pool: DEMO_POOL, labels: [], isFree: true, limit: 10 };
    expect(await listWorkers({ db }, free)).toEqual([]);
    await db.sql`update pulse set n = n + 100000, at = now() - interval '1 minute'`;
    await tickPulse({ db });
    const ctx = { db, store, queue };
    const before = await db.sql`select id, state from workers order by id`;
    for (const name of REPAIRS) expect(await repair(ctx, name)).toBe(0);
    expect(await repairAccounts(ctx)).toBe(0);
    expect(await db.sql`select id, state from workers order by id`).toEqual(before);
    expect(seeded.events).toBeGreaterThan(5_000);
  });

  test('shows a short queue, a drained worker and a lost one', async ({ db, seeded }) => {
    expect(seeded.tasks).toBe(500);
    const fleet = await readFleet({ db });
    expect(fleet.queued).toMatchObject([{ pool: DEMO_POOL, count: FATES.queued }]);
    expect(fleet.workers.map(({ state, used }) => [state, used])).toEqual([
      ['draining', 0],
      ['lost', 0],
    ]);
    expect(fleet.running).toEqual([]);
  });
});

test('tasks are from the last 14 days, more by day than by night, with ids in order of time', async ({
  db,
  seeded,
}) => {
  const [row] = await db.sql`
    select count(*) filter (where queued_at > now() - interval '14 days 1 minute')::int as recent,
      count(*) filter (where extract(hour from queued_at at time zone 'UTC') between 8 and 16)::int
        as by_day,
      count(*) filter (where extract(hour from queued_at at time zone 'UTC') < 6)::int as by_night,
      count(*) filter (where queued_at < before)::int as out_of_order,
      count(*) filter (where changed_at > now())::int as in_future
    from (select *, lag(queued_at) over (order by id) as before from tasks) t`;
  expect(row).toMatchObject({ recent: seeded.tasks, out_of_order: 0, in_future: 0 });
  expect(row?.['by_day']).toBeGreaterThan(5 * Number(row?.['by_night']));
});

test('every fate occurs, and every organisation has its share and its mark', async ({
  db,
  seeded,
}) => {
  expect(seeded.emails).toHaveLength(3);
  const outcomes = await db.sql<{ outcome: string | null; count: number }[]>`
    select outcome, count(*)::int as count from tasks group by outcome order by outcome`;
  expect(Object.fromEntries(outcomes.map(({ outcome, count }) => [outcome, count]))).toEqual({
    cancelled: 28,
    expired: 8,
    failed: 8,
    null: 5,
    rejected: 10,
    succeeded: 441,
  });
  for (const organisationId of await findDemoOrganisations({ db })) {
    const { tasks, total } = await listTasks(
      { db },
      { ...EVERY_TASK, organisationId, start: 0, limit: 10, order: 'DESC' },
    );
    expect(total).toBeGreaterThan(30);
    expect(tasks).toHaveLength(10);
  }
  const names = await db.sql<{ name: string }[]>`select name from organisations`;
  for (const { name } of names) expect(name.startsWith(NAME_PREFIX)).toBe(true);
});

test('a second seeding is refused, and a purge removes exactly what was seeded', async ({
  db,
  store,
}) => {
  const tenant = await createTenant(db);
  await createTask({ store }, aTask(tenant));
  await db.sql`insert into organisations (name) values (${`${NAME_PREFIX}but of another owner`})`;
  const before = await everything(db);

  await seedDemoData({ db }, OPTIONS);
  await expect(seedDemoData({ db }, OPTIONS)).rejects.toThrow('seed-demo --purge');
  expect(await purgeDemoData({ db })).toEqual({ organisations: 3, tasks: 500 });
  expect(await everything(db)).toEqual(before);
  expect(await purgeDemoData({ db })).toEqual({ organisations: 0, tasks: 0 });
  await seedDemoData({ db }, OPTIONS);
});

test('a purge is refused while a real task of a demo owner is running', async ({
  db,
  store,
  seeded,
}) => {
  expect(seeded.tasks).toBe(500);
  const [tenant] = await db.sql<{ organisationId: string; projectId: string; ownerId: string }[]>`
    select organisation_id as "organisationId", id as "projectId", owner_id as "ownerId"
    from projects limit 1`;
  if (!tenant) throw new Error('There is no demo project.');
  await createTask({ store }, aTask(tenant));
  await expect(purgeDemoData({ db })).rejects.toThrow('has not ended');
  expect(await allTasks(db)).toHaveLength(501);
});

function isTerminalType(type: string): boolean {
  const status = taskStatusSchema.safeParse(type).data;
  return status !== undefined && isTerminal(status);
}

/** Every row of every table, as text. */
async function everything(db: Db): Promise<Record<string, string>> {
  const tables = await db.sql<{ name: string }[]>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition
    order by c.relname`;
  const contents: Record<string, string> = {};
  for (const { name } of tables) {
    const [row] = await db.sql.unsafe<{ all: string | null }[]>(
      `select string_agg(t::text, E'\\n' order by t::text) as all from "${name}" t`,
    );
    contents[name] = row?.all ?? '';
  }
  return contents;
}
