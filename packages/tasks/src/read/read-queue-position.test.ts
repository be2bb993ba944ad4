import { eventually } from '@runfleet/testing';
import { describe, expect } from 'vitest';

import { createTask } from '../create-task.ts';
import { requeueTask } from '../requeue-task.ts';
import { running } from '../testing-life.ts';
import { aTask, aWorker, phi, testWithTasks } from '../testing.ts';
import { estimateWaitMs, readQueuePosition } from './read-queue-position.ts';
import { readTask } from './read-task.ts';

const test = testWithTasks.extend('ask', ({ db, queue, tenant }) => async (id: string) => {
  const task = await readTask({ db }, { ...tenant, reference: { id } });
  return readQueuePosition({ db, queue }, task);
});

describe('a queued task', () => {
  test('knows what goes before it, and how long that takes on the slots there are', async ({
    db,
    store,
    tenant,
    ask,
  }) => {
    const ids = [];
    for (let i = 0; i < 3; i++) {
      ids.push((await createTask({ store }, aTask(tenant, { expectedSeconds: 10 }))).id);
    }
    const [first = '', , last = ''] = ids;
    await eventually(async () => expect((await ask(last))?.tasksAhead).toBe(2));
    expect(await ask(first)).toMatchObject({ tasksAhead: 0, waitSeconds: null });

    await aWorker(store, 4);
    expect(await ask(first)).toEqual({
      tasksAhead: 0,
      waitSeconds: 0,
      blocked: null,
      pauseSeconds: null,
    });
    expect(await ask(last)).toMatchObject({ tasksAhead: 2, waitSeconds: 5 });
    await db.sql`update workers set used = 4`;
    expect(await ask(last)).toMatchObject({ waitSeconds: 6.25 });
  });

  test('whose tenant is at its limit of running tasks waits for one of them, whatever is free', async ({
    db,
    store,
    queue,
    tenant,
    ask,
  }) => {
    await db.sql`update organisations set running_limit = 1 where id = ${tenant.organisationId}`;
    const worker = await aWorker(store, 4);
    const task = () => createTask({ store }, aTask(tenant, { expectedSeconds: 10 }));
    const [first, second] = [await task(), await task()];
    await running({ store }, first.id, worker);
    // As its leader would have picked it.
    await queue.writeMark(phi().pool, 'a mark');
    await eventually(async () => {
      expect(await queue.pick(phi().pool, 'a mark', 1)).toMatchObject([{ taskId: first.id }]);
    });
    await eventually(async () => {
      expect(await ask(second.id)).toMatchObject({ tasksAhead: 0, waitSeconds: 5 });
    });
  });

  test('is told when no worker can run it, and which of the two reasons it is', async ({
    db,
    store,
    tenant,
    ask,
  }) => {
    const particular = await createTask({ store }, aTask(tenant, { requires: ['gpu=H100'] }));
    expect(await ask(particular.id)).toMatchObject({ blocked: 'no-worker', waitSeconds: null });
    await aWorker(store, 4, { labels: ['gpu=A100', 'zone=a'] });
    expect(await ask(particular.id)).toMatchObject({ blocked: 'no-worker-with-labels' });
    const { workerId } = await aWorker(store, 4, { labels: ['gpu=H100', 'zone=b'] });
    await eventually(async () => {
      expect(await ask(particular.id)).toMatchObject({ blocked: null, waitSeconds: 0 });
    });
    await db.sql`update workers set state = 'draining' where id = ${workerId}`;
    expect(await ask(particular.id)).toMatchObject({ blocked: 'no-worker-with-labels' });
  });

  test('in a pause knows how long it lasts, and no place', async ({
    ctx,
    store,
    queue,
    tenant,
    ask,
  }) => {
    await queue.writeMark(phi().pool, 'a mark');
    const { id } = await createTask(ctx, aTask(tenant));
    for (const _ of [1, 2]) {
      await eventually(async () => {
        expect(await queue.pick(phi().pool, 'a mark', 1)).toHaveLength(1);
      });
      await requeueTask(ctx, await running(ctx, id, await aWorker(store)), 'worker_lost');
    }
    await eventually(async () => expect((await ask(id))?.tasksAhead).toBeNull());
    const info = await ask(id);
    expect(info).toMatchObject({ waitSeconds: null, blocked: null });
    expect(info?.pauseSeconds).toBeGreaterThan(1);
    expect(info?.pauseSeconds).toBeLessThanOrEqual(6);
  });
});

test('a task that is not queued has no place', async ({ store, tenant, ask }) => {
  const { id } = await createTask({ store }, aTask(tenant));
  await running({ store }, id, await aWorker(store));
  expect(await ask(id)).toBeNull();
});

test.for<[string, Parameters<typeof estimateWaitMs>[0], number]>([
  ['nothing before it and a free slot', wait({}), 0],
  ['nothing before it and no free slot', wait({ free: 0 }), 125],
  ['work of all tenants on all slots', wait({ ownWorkMs: 4_000, othersWorkMs: 4_000 }), 2_000],
  ['its own work within its limit', wait({ ownWorkMs: 4_000, runningLimit: 1 }), 4_000],
  ['a free slot that its tenant may not use', wait({ runningLimit: 2, ownRunning: 2 }), 250],
  ['a free slot that its tenant may use', wait({ runningLimit: 2, ownRunning: 1 }), 0],
  ['a limit above the slots', wait({ ownWorkMs: 4_000, runningLimit: 9 }), 1_000],
  ['a limit of none, as if it were one', wait({ ownWorkMs: 4_000, runningLimit: 0 }), 4_000],
])('the wait with %s', ([, seen, ms]) => {
  expect(estimateWaitMs(seen)).toBe(ms);
});

function wait(changes: Partial<Parameters<typeof estimateWaitMs>[0]>) {
  const base = { ownWorkMs: 0, othersWorkMs: 0, expectedMs: 1_000, slots: 4, free: 1 };
  return { ...base, runningLimit: null, ownRunning: 0, ...changes };
}
