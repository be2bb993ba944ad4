import { openExportJobs, openScheduledJobs } from '@runfleet/queue';
import { createLogger, createMetrics, Resources } from '@runfleet/service';
import { eventually } from '@runfleet/testing';
import { listUpkeepRuns } from '@runfleet/upkeep';
import { Redis } from 'ioredis';
import { expect } from 'vitest';

import { brokerMetrics } from '../metrics.ts';
import { testWithBroker } from '../testing.ts';
import type { UpkeepJob } from './upkeep-jobs.ts';
import { Upkeep } from './upkeep.ts';

const test = testWithBroker
  .extend('admin', ({ redisUrl }, { onCleanup }) => {
    const admin = new Redis(redisUrl);
    onCleanup(() => admin.disconnect());
    return admin;
  })
  .extend('started', ({}, { onCleanup }) => {
    const started = new Resources();
    onCleanup(() => started[Symbol.asyncDispose]());
    return started;
  })
  /** The upkeep of one more broker with these jobs. */
  .extend('start', ({ db, redisUrl, started }) => (jobs: Record<string, UpkeepJob>) => {
    const queue = started.use(openScheduledJobs({ url: redisUrl }));
    const upkeep = new Upkeep({
      ctx: {
        db,
        exportJobs: started.use(openExportJobs({ url: redisUrl })),
        settings: { callbackLogDays: 30 },
        logger: createLogger({ role: 'broker', level: 'silent' }),
        metrics: brokerMetrics(createMetrics({ role: 'broker' })),
      },
      jobs,
      queue,
    });
    return started.use(upkeep);
  });

/** A job that notes the moment of each run, and then does `work`. */
function noting(everySeconds: number, work: (signal: AbortSignal) => Promise<number>) {
  const ran: number[] = [];
  const job: UpkeepJob = {
    everySeconds,
    limitSeconds: everySeconds,
    repeats: false,
    run: async ({ signal }) => {
      ran.push(Date.now());
      return work(signal);
    },
  };
  return { job, ran };
}

const never = () => new Promise<never>(() => {});

test('a job runs once per period over two brokers, and its outcome is kept', async ({
  start,
  db,
}) => {
  const { job, ran } = noting(1, async () => 7);
  const [one, other] = [start({ sweep: job }), start({ sweep: job })];
  await Promise.all([one.schedule(), other.schedule()]);
  await eventually(() => expect(ran.length).toBeGreaterThanOrEqual(4));
  const periods = ran.map((at) => Math.floor(at / 1_000));
  // A run may begin a moment late, but never twice for one slot.
  expect(ran.length).toBeLessThanOrEqual(Math.max(...periods) - Math.min(...periods) + 2);
  const [run] = await listUpkeepRuns({ db });
  expect(run).toMatchObject({ name: 'sweep', changed: 7, failures: 0, error: '' });
});

test('after Redis was wiped between two periods, the job runs on, and not again for its period', async ({
  start,
  admin,
  db,
}) => {
  const { job, ran } = noting(2, async () => 1);
  const upkeep = start({ sweep: job });
  await upkeep.schedule();
  await eventually(() => expect(ran).toHaveLength(1));
  await eventually(async () => {
    expect((await listUpkeepRuns({ db }))[0]?.state).toBe('succeeded');
  });
  await admin.flushdb();
  expect(await upkeep.schedule()).toBe(1);
  await eventually(() => expect(ran.length).toBeGreaterThanOrEqual(3));
  const periods = ran.map((at) => Math.floor(at / 2_000));
  expect(new Set(periods).size).toBe(ran.length);
});

test('a turn whose keys were lost is found by its period, and runs', async ({ start, admin }) => {
  const { job, ran } = noting(3_600, async () => 1);
  const upkeep = start({ sweep: job });
  // It never ran, so it is late already; the schedule itself waits for the next hour.
  await upkeep.schedule();
  await eventually(() => expect(ran).toHaveLength(1));
  expect(await upkeep.schedule()).toBe(0);
  expect(await admin.zcard('bull:upkeep:repeat')).toBe(1);
});

test('a job that always fails is tried again, its failures are counted, and it prevents no other', async ({
  start,
  db,
}) => {
  const failing = noting(1, () => Promise.reject(new Error('No such table.')));
  const healthy = noting(1, async () => 1);
  const upkeep = start({ failing: failing.job, healthy: healthy.job });
  await upkeep.schedule();
  await eventually(() => expect(healthy.ran.length).toBeGreaterThanOrEqual(2));
  const run = await eventually(async () => {
    const found = (await listUpkeepRuns({ db })).find(({ name }) => name === 'failing');
    if (!found) throw new Error('It has not run.');
    expect(found.failures).toBeGreaterThanOrEqual(3);
    return found;
  });
  expect(run.error).toBe('No such table.');
  expect(run.succeededAt).toBeNull();
});

test('a job that hangs is over at its limit, and a further run is tried', async ({ start, db }) => {
  const signals: AbortSignal[] = [];
  const { job, ran } = noting(1, (signal) => {
    signals.push(signal);
    return never();
  });
  const upkeep = start({ stuck: job });
  await upkeep.schedule();
  await eventually(() => expect(ran.length).toBeGreaterThanOrEqual(2));
  expect(signals[0]?.aborted).toBe(true);
  // The third run would be the third that never ends, so this broker refuses it and says so.
  await eventually(async () => {
    const [run] = await listUpkeepRuns({ db });
    expect(run?.error).toContain('do not end');
  });
  expect(ran).toHaveLength(2);
});

test('the turn of a broker that died is taken by another one once its limit has passed', async ({
  start,
  db,
}) => {
  const { job, ran } = noting(3_600, async () => 3);
  const slot = Math.floor(Date.now() / 3_600_000) * 3_600_000;
  await db.sql`
    insert into upkeep_runs (name, slot, attempt_id, state, attempts, started_at, leased_until)
    values ('sweep', ${slot}, gen_random_uuid(), 'running', 1, now(), now() + interval '1 second')`;
  const upkeep = start({ sweep: job });
  expect(await upkeep.schedule()).toBe(0);
  const [before] = await listUpkeepRuns({ db });
  expect(before?.state).toBe('running');
  await eventually(async () => {
    // What the housekeeper does from time to time.
    await upkeep.schedule();
    expect((await listUpkeepRuns({ db }))[0]).toMatchObject({ state: 'succeeded', attempts: 2 });
  });
  expect(ran).toHaveLength(1);
});

test('a broker that stops gives its turn back', async ({ start, db }) => {
  const { job, ran } = noting(3_600, never);
  const stopped = start({ sweep: job });
  await stopped.schedule();
  await eventually(() => expect(ran).toHaveLength(1));
  await stopped[Symbol.asyncDispose]();
  expect((await listUpkeepRuns({ db }))[0]).toMatchObject({
    state: 'failed',
    error: 'The broker stops.',
  });
});
