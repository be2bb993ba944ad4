/** Fixtures for tests of callbacks. */
import { openMasterKey } from '@runfleet/identity';
import { openOutbound } from '@runfleet/outbound';
import { openCallbackJobs } from '@runfleet/queue';
import { cancelTask, createTask } from '@runfleet/tasks';
import { aTask, testWithTasks } from '@runfleet/tasks/testing';

import { type AttemptContext, CALLBACK_LIMITS } from './attempt-delivery.ts';
import { BODY, LOOPBACK } from './testing-receivers.ts';

export const testWithCallbacks = testWithTasks
  .extend('now', () => ({ at: BigInt(Date.now()) * 1_000n }))
  .extend('attempting', async ({ db, now }): Promise<AttemptContext> => {
    return {
      db,
      outbound: openOutbound({ openNetworks: LOOPBACK }),
      limits: CALLBACK_LIMITS,
      masterKey: await openMasterKey({ hex: 'ab'.repeat(32), file: '' }),
      readBody: async () => BODY,
      random: () => 0.5,
      clock: () => now.at,
    };
  })
  .extend('jobs', ({ redisUrl }, { onCleanup }) => {
    const jobs = openCallbackJobs({ url: redisUrl });
    onCleanup(() => jobs[Symbol.asyncDispose]());
    return jobs;
  })
  /** Creates tasks with this address and ends them. Returns their deliveries. */
  .extend('deliver', ({ ctx, db, tenant, now }) => async (url: string, count = 1) => {
    const ids = await Promise.all(
      Array.from({ length: count }, async () => {
        const { id } = await createTask(ctx, aTask(tenant, { callbackUrl: url }));
        await cancelTask(ctx, { organisationId: tenant.organisationId, reference: { id } });
        return id;
      }),
    );
    now.at = BigInt(Date.now()) * 1_000n;
    const rows = await db.sql<{ id: string }[]>`
      select id from callback_deliveries where task_id = any(${ids}::bigint[]) order by task_id`;
    return rows.map(({ id }) => id);
  });
