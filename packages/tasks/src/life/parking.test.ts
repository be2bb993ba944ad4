import type { QueuedTask } from '@runfleet/queue';
import { describe, expect } from 'vitest';

import { createTask } from '../create-task.ts';
import { listLanes, listQueuedTasks } from '../fleet/list-index-tasks.ts';
import { cancelTask } from '../kill-task.ts';
import { readFleet } from '../read/read-fleet.ts';
import { readTask } from '../read/read-task.ts';
import { openTaskStore } from '../store/task-store.ts';
import { assigned } from '../testing-life.ts';
import {
  aTask,
  aWorker,
  createTenant,
  phi,
  type Tenant,
  testWithTasks as test,
} from '../testing.ts';
import { repair } from '../upkeep/reconcile.ts';
import type { NewTask } from './new-task.ts';
import { LANES_PER_TENANT_MAX } from './parking.ts';

const { pool } = phi();
const H100 = ['gpu=H100'];

const requiring = (tenant: Tenant, requires: string[], changes: Partial<NewTask> = {}) =>
  aTask(tenant, { requires, ...changes });

describe('a task that requires what no worker carries', () => {
  test('waits where no broker looks, and comes in line when a worker registers that carries it', async ({
    db,
    tenant,
  }) => {
    const offers: QueuedTask[] = [];
    const queue = {
      offer: (task: QueuedTask) => offers.push(task),
      withdraw() {},
      release() {},
      callBack() {},
    };
    await using store = openTaskStore({ db, queue, announce: () => {} });
    const ctx = { db, store };
    await aWorker(store, 4, { labels: ['gpu=A100'] });
    await aWorker(store, 4, { labels: H100, pools: ['another'] });
    const { id } = await createTask(ctx, requiring(tenant, H100));
    expect(offers).toEqual([]);
    expect(await listQueuedTasks(ctx, { pool, afterId: '0', limit: 9 })).toEqual([]);
    expect(await listLanes(ctx, { pool, limit: 9 })).toEqual([]);
    expect((await readFleet(ctx)).queued).toMatchObject([{ pool, count: 1 }]);

    const worker = await aWorker(store, 4, { labels: ['gpu=H100', 'zone=a'] });
    expect(offers).toMatchObject([{ taskId: id, lane: `${pool}?gpu=H100` }]);
    expect(await listLanes(ctx, { pool, limit: 9 })).toEqual([H100]);
    expect(await assigned(ctx, id, worker)).toMatchObject({ taskId: id });
  });

  test('is found by brokers where the worker died before it looked', async ({
    db,
    ctx,
    tenant,
  }) => {
    const ids = [];
    for (let n = 0; n < 3; n++) {
      ids.push((await createTask(ctx, requiring(tenant, [`n=${n}`]))).id);
    }
    await aWorker(ctx.store, 4);
    await db.sql`update workers set labels = array['n=0', 'n=2']`;
    expect(await repair(ctx, 'parked-tasks')).toBe(2);
    expect(await repair(ctx, 'parked-tasks')).toBe(0);
    const [first, , third] = ids;
    const listed = await listQueuedTasks(ctx, { pool, afterId: '0', limit: 9 });
    expect(listed.map(({ taskId }) => taskId)).toEqual([first, third]);
  });

  test('is not taken for one that has come in line when it ends or its pause ends', async ({
    db,
    ctx,
    tenant,
  }) => {
    const { id } = await createTask(ctx, requiring(tenant, H100));
    await db.sql`update tasks set not_before = now() where id = ${id}`;
    expect(await repair(ctx, 'backoff-due')).toBe(1);
    expect(await listLanes(ctx, { pool, limit: 9 })).toEqual([]);
    const killed = await cancelTask(ctx, { ...tenant, reference: { id } });
    expect(killed.status).toBe('task_cancel');
    const [row] = await db.sql`select queued_in from tasks where id = ${id}`;
    expect(row).toEqual({ queued_in: null });
  });

  test('still has to start in time', async ({ db, ctx, tenant }) => {
    const { id } = await createTask(ctx, requiring(tenant, H100, { startTimeoutSeconds: 5 }));
    await db.sql`update tasks set start_by = now() where id = ${id}`;
    expect(await repair(ctx, 'start-deadlines')).toBe(1);
    const task = await readTask(ctx, { ...tenant, reference: { id } });
    expect(task).toMatchObject({ outcome: 'expired', totalCost: 0n });
  });

  test('is refused by name where the operator wants that, unless a worker carried it once', async ({
    db,
    ctx,
    tenant,
  }) => {
    await aWorker(ctx.store, 4, { labels: ['gpu=H100', 'zone=a'] });
    await db.sql`update workers set state = 'lost'`;
    const unknownLabels = 'refuse' as const;
    await createTask(ctx, requiring(tenant, H100, { unknownLabels }));
    await expect(
      createTask(ctx, requiring(tenant, ['gpu=H1000', 'zone=a'], { unknownLabels })),
    ).rejects.toMatchObject({
      kind: 'invalid_request',
      message: expect.stringContaining('No worker of this model ever carried gpu=H1000.'),
    });
  });
});

describe('different sets of labels', () => {
  test('that one tenant has waiting are bounded, also within one commit; another tenant has its own', async ({
    db,
    ctx,
    tenant,
  }) => {
    const rich = await createTenant(db, '100000');
    const create = (n: number) => createTask(ctx, requiring(rich, [`n=${n}`]));
    const many = Array.from({ length: LANES_PER_TENANT_MAX + 20 }, (_, n) => n);
    const answers = await Promise.allSettled(many.map(create));
    const created = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? [answer.value.id] : [],
    );
    expect(created).toHaveLength(LANES_PER_TENANT_MAX);
    await expect(create(1_000)).rejects.toMatchObject({ kind: 'concurrency_limit' });
    await create(0);
    await createTask(ctx, aTask(rich));
    await createTask(ctx, requiring(tenant, ['n=1000']));
    const reference = { id: created.at(-1) ?? '' };
    await cancelTask(ctx, { ...rich, reference });
    await create(1_000);
  });
});
