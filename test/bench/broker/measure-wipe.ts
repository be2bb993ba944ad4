import { setTimeout as delay } from 'node:timers/promises';

import { compatibleAdmission } from '@runfleet/billing';
import { findModel } from '@runfleet/catalog';
import { connectDb } from '@runfleet/db';
import { openTaskQueue } from '@runfleet/queue';
import { openTaskStore, PLAIN_RUN } from '@runfleet/tasks';
import { Redis } from 'ioredis';

import { runfleet, type RunfleetSetup, type RunningRunfleet } from '../systems/runfleet.ts';
import type { Servers } from '../systems/servers.ts';
import type { BrokerPlan } from './broker-plan.ts';
import type { BrokerStatistics } from './broker-statistics.ts';

const CREATORS = 256;
/** Seven tokens per task: the worker runs about 160 tasks a second, so that most stay queued. */
const SLOW = { WORKER_SLOTS: '16', ECHO_TOKEN_DELAY_MS: '15' };
/** Tasks that a round has picked from the index and not committed yet. */
const ROUND_TASKS_MAX = 128;
/** A round that picked its tasks before the wipe ends within this time. */
const ROUND_MS_MAX = 100;
const WAIT_MS_MAX = 60_000;
const POLL_MS = 20;

/** Wipes Redis while many tasks are queued, and times the next dispatch and the complete rebuild. */
export async function measureWipe(
  servers: Servers,
  setup: RunfleetSetup,
  plan: BrokerPlan,
): Promise<BrokerStatistics> {
  const system = runfleet(servers, setup, { engine: { ENGINE: 'echo' }, profileFolder: undefined });
  await using running = await system.start();
  await queueTasks(running, setup, plan.wiped);
  await running.sql`analyze`;
  await running.startRole('broker');
  await running.startRole('worker', { environment: SLOW });
  await using queue = openTaskQueue({ url: running.redisUrl });
  const isComplete = async () => (await countMissing(running, queue)) <= ROUND_TASKS_MAX;
  await until('the index holds all tasks', isComplete);

  const wipedAt = await running.tasks.now();
  const since = performance.now();
  const redis = new Redis(running.redisUrl);
  await redis.flushdb();
  redis.disconnect();
  await delay(ROUND_MS_MAX);
  await until(
    'tasks are picked again',
    async () => (await assignedAfter(running, wipedAt)) !== null,
  );
  const wipedDispatch = (await assignedAfter(running, wipedAt)) ?? NaN;
  await until('the index is complete again', isComplete);
  const wipedRebuild = (performance.now() - since) / 1_000;
  const [after] = await running.sql<{ tasks: number; quarantined: number }[]>`
    select (select count(*)::int from tasks where status = 'task_queue' or worker_id is not null
        or outcome = 'succeeded') as tasks,
      (select count(*)::int from workers where state = 'quarantined') as quarantined`;
  return {
    wiped: plan.wiped,
    wipedDispatch,
    wipedRebuild,
    wipedLost: plan.wiped - (after?.tasks ?? 0),
    wipedQuarantined: after?.quarantined ?? NaN,
  };
}

/** Accepts tasks without adding them to the index; the broker finds them in Postgres. */
async function queueTasks(
  running: RunningRunfleet,
  setup: RunfleetSetup,
  count: number,
): Promise<void> {
  const model = findModel('microsoft', 'Phi-3.5-mini-instruct');
  if (!model) throw new Error('The catalogue has no Phi-3.5-mini-instruct.');
  await using db = connectDb(running.databaseUrl);
  const store = openTaskStore({ db, announce: () => {}, queue: null });
  let number = 0;
  await Promise.all(
    Array.from({ length: CREATORS }, async () => {
      while (number < count) {
        const tenant = setup.tenants[number++ % setup.tenants.length];
        if (!tenant) throw new Error('There are no tenants.');
        await store.create({
          ...tenant,
          ...PLAIN_RUN,
          model,
          parameters: { prompt: 'say these six words back please' },
          seed: 7n,
          timeoutSeconds: 300,
          admission: compatibleAdmission,
        });
      }
    }),
  );
  await store[Symbol.asyncDispose]();
}

/** Queued tasks missing from the index, including those picked between the two reads. */
async function countMissing(
  running: RunningRunfleet,
  queue: ReturnType<typeof openTaskQueue>,
): Promise<number> {
  const pool = findModel('microsoft', 'Phi-3.5-mini-instruct')?.pool ?? '';
  const [row] = await running.sql<{ count: number }[]>`
    select count(*)::int as count from tasks where queued_in is not null`;
  const { queued } = await queue.readLoad(pool);
  return (row?.count ?? NaN) - queued;
}

/** Seconds from `moment` to the first assignment by a round that began after it; null for none. */
async function assignedAfter(running: RunningRunfleet, moment: string): Promise<number | null> {
  const [row] = await running.sql<{ seconds: number | null }[]>`
    select extract(epoch from min(assigned_at) - ${moment}::text::timestamptz)::float8 as seconds
    from tasks
    where assigned_at > ${moment}::text::timestamptz + make_interval(secs => ${ROUND_MS_MAX / 1_000})`;
  return row?.seconds ?? null;
}

async function until(what: string, isTrue: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS_MAX;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`Not within ${WAIT_MS_MAX} ms: ${what}.`);
    await delay(POLL_MS);
  }
}
