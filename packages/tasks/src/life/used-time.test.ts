import { formatTicks, ticksBetween } from '@runfleet/protocol';
import type { Ticket, TaskRelease } from '@runfleet/queue';
import { expect } from 'vitest';

import { appendOutput, finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { cancelTask, killTask } from '../kill-task.ts';
import { readTask } from '../read/read-task.ts';
import { openTaskStore, type TaskStore } from '../store/task-store.ts';
import { answer, running } from '../testing-life.ts';
import { aTask, aWorker, type Tenant, testWithTasks } from '../testing.ts';
import { failure } from './decide.ts';

const test = testWithTasks
  .extend('releases', (): TaskRelease[] => [])
  .extend('ctx', ({ db, queue, releases }, { onCleanup }) => {
    const told = {
      offer() {},
      withdraw() {},
      callBack() {},
      release: (task: TaskRelease) => releases.push(task),
    };
    const store = openTaskStore({ db, queue: told, announce: () => {} });
    onCleanup(() => store[Symbol.asyncDispose]());
    return { db, queue, store };
  });

type Ctx = Parameters<typeof killTask>[0] & { store: TaskStore };

const ENDS: Record<string, (ctx: Ctx, ticket: Ticket, tenant: Tenant) => Promise<unknown>> = {
  'is killed': (ctx, { taskId: id }, tenant) => killTask(ctx, { ...tenant, reference: { id } }),
  fails: (ctx, ticket) => finishTask(ctx, ticket, { result: failure('failed', 'It broke.') }),
  expires: (ctx, ticket) => finishTask(ctx, ticket, { result: failure('expired', 'Too late.') }),
};

test.for(Object.entries(ENDS))(
  'a run that %s after output began is free, and its used time and tokens are on its receipt and in fair order',
  async ([, end], { ctx, db, tenant, releases }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    const ticket = await running(ctx, id, await aWorker(ctx.store));
    await appendOutput(ctx, ticket, { raw: 'almost all', tokens: 97, elapsedMs: 5 });
    await db.sql`
      update tasks set assigned_at = assigned_at - interval '9 seconds',
        accepted_at = accepted_at - interval '8 seconds' where id = ${id}`;
    await end(ctx, ticket, tenant);
    const { times, totalCost, receipt } = await readTask(ctx, { ...tenant, reference: { id } });
    const { acceptedAt, endedAt, cancelledAt } = times;
    const used = ticksBetween(acceptedAt ?? 0n, endedAt ?? cancelledAt ?? 0n);
    expect(used).toBeGreaterThan(80_000n);
    expect(totalCost).toBe(0n);
    expect(receipt).toMatchObject({
      seconds: { billed: '0.0000' },
      used: { seconds: formatTicks(used), tokens: 97 },
    });
    expect(releases).toMatchObject([{ taskId: id }]);
    expect(releases[0]?.usedMs).toBeGreaterThan(9_000);
  },
);

test('a run that succeeds used what is billed, and a task that never ran used nothing', async ({
  ctx,
  tenant,
}) => {
  const { id } = await createTask(ctx, aTask(tenant));
  const ticket = await running(ctx, id, await aWorker(ctx.store));
  await finishTask(ctx, ticket, {
    result: answer,
    lastOutput: { raw: 'Hi', tokens: 2, elapsedMs: 5 },
  });
  const { receipt } = await readTask(ctx, { ...tenant, reference: { id } });
  expect(receipt?.used).toEqual({ seconds: receipt?.seconds.billed, tokens: 2 });

  const idle = await createTask(ctx, aTask(tenant));
  const killed = await cancelTask(ctx, { ...tenant, reference: idle });
  expect(killed.receipt?.used).toEqual({ seconds: '0.0000', tokens: 0 });
});
