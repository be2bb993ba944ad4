import { openCallbackJobs } from '@runfleet/queue';
import { createLogger, createMetrics } from '@runfleet/service';
import { createTask, readTask } from '@runfleet/tasks';
import { aTask, aWorker } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import type { BrokerContext } from './context.ts';
import { Housekeeper } from './housekeeper.ts';
import { brokerMetrics } from './metrics.ts';
import { testWithBroker } from './testing.ts';

const test = testWithBroker
  .extend('means', ({ redisUrl }, { onCleanup }) => {
    const callbackJobs = openCallbackJobs({ url: redisUrl });
    onCleanup(() => callbackJobs[Symbol.asyncDispose]());
    return { callbackJobs, upkeep: { schedule: async () => 0 } };
  })
  .extend('counted', ({ broker }) => {
    const metrics = createMetrics({ role: 'broker' });
    const ctx: BrokerContext = {
      ...broker(),
      metrics: brokerMetrics(metrics),
      logger: createLogger({ role: 'broker', level: 'silent' }),
    };
    /** Lines of /metrics about repairs and about the ledger. */
    const lines = async () => {
      const text = await metrics.text();
      return text.split('\n').filter((line) => /^runfleet_broker_(repaired|ledger)/.test(line));
    };
    return { ctx, lines };
  });

test('inconsistencies are repaired within seconds, and counted by reconciler', async ({
  db,
  store,
  tenant,
  means,
  counted: { ctx, lines },
}) => {
  const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
  const { workerId } = await aWorker(store);
  await db.sql`update tasks set start_by = now() where id = ${id}`;
  await db.sql`update workers set used = 3 where id = ${workerId}`;
  await db.sql`update accounts set active_tasks = 9 where organisation_id = ${tenant.organisationId}`;
  {
    await using _keeper = new Housekeeper(ctx, means);
    await eventually(async () => {
      expect(await lines()).toEqual(
        expect.arrayContaining([
          expect.stringMatching(/repaired_total\{.*start-deadlines.*\} 1/),
          expect.stringMatching(/repaired_total\{.*slot-counts.*\} 1/),
          expect.stringMatching(/repaired_total\{.*accounts.*\} 1/),
          expect.stringMatching(/ledger_drift_usd(\{.*\})? 0/),
        ]),
      );
    });
  }
  const task = await readTask({ db }, { ...tenant, reference: { id } });
  expect(task.outcome).toBe('expired');
});

test('a callback whose job was lost is added again', async ({
  db,
  tenant,
  means,
  counted: { ctx, lines },
}) => {
  const { organisationId, projectId } = tenant;
  await db.sql`
    insert into callback_deliveries
      (organisation_id, project_id, event, url, target, due_at, created_at)
    values (${organisationId}, ${projectId}, 'test', 'https://example.org/', 'x',
      now() - interval '10 seconds', now())`;
  const ran: string[] = [];
  await using _receiver = means.callbackJobs.receive(1, async (job) => {
    ran.push(job.organisationId);
    return 'done';
  });
  await using _keeper = new Housekeeper(ctx, means);
  await eventually(async () => {
    expect(ran).toEqual([organisationId]);
    expect(await lines()).toContainEqual(
      expect.stringMatching(/repaired_total\{.*callback-jobs.*\} 1/),
    );
  });
});

test('of two housekeepers one does the work, both tick, and the other takes over', async ({
  db,
  means,
  counted: { ctx },
  broker,
}) => {
  const holder = async () => {
    const [row] = await db.sql<{ holder: string; pulse: string }[]>`
      select holder, n as pulse from pool_leases, pulse where pool = 'house keeping'`;
    return row ?? { holder: '', pulse: '0' };
  };
  const other = broker();
  const first = new Housekeeper(ctx, means);
  await eventually(async () => expect((await holder()).holder).toBe(ctx.brokerId));
  await using _second = new Housekeeper(other, means);
  await first[Symbol.asyncDispose]();
  await eventually(async () => expect((await holder()).holder).toBe(other.brokerId));
  const { pulse } = await holder();
  await eventually(async () => {
    expect(Number((await holder()).pulse)).toBeGreaterThan(Number(pulse));
  });
});
