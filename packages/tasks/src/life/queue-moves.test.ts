import { expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { cancelTask } from '../kill-task.ts';
import { requeueTask } from '../requeue-task.ts';
import { openTaskStore } from '../store/task-store.ts';
import { answer, running } from '../testing-life.ts';
import { aTask, aWorker, endPause, testWithTasks } from '../testing.ts';
import { repair } from '../upkeep/reconcile.ts';

type Told = [verb: string, task: Record<string, unknown>];

const test = testWithTasks.extend('listening', async ({ db, queue }, { onCleanup }) => {
  const told: Told[] = [];
  const tell = (verb: string) => (task: object) => void told.push([verb, { ...task }]);
  const listener = {
    offer: tell('offer'),
    release: tell('release'),
    withdraw: tell('withdraw'),
    callBack: tell('callBack'),
  };
  const store = openTaskStore({ db, queue: listener, announce: () => {} });
  onCleanup(() => store[Symbol.asyncDispose]());
  /** What the queue was told since the last question. */
  const news = () => told.splice(0);
  return { ctx: { db, queue, store }, news };
});

const name = (id: string, organisationId: string) => ({
  lane: 'phi-3-5-mini-instruct?zone=a',
  organisationId,
  taskId: id,
  fairnessKey: 'a user',
});

test('the queue hears of a Run with all that fair order needs, as it is at the commit', async ({
  listening: { ctx, news },
  tenant,
}) => {
  await ctx.db.sql`
    update organisations set weight = 3, running_limit = 5 where id = ${tenant.organisationId}`;
  const wishes = {
    requires: ['zone=a'],
    fairnessKey: 'a user',
    priority: 60,
    expectedSeconds: 2.5,
  };
  await aWorker(ctx.store, 4, { labels: wishes.requires });
  const { id } = await createTask(ctx, aTask(tenant, wishes));
  const [[verb, task] = []] = news();
  expect(verb).toBe('offer');
  expect(task).toMatchObject({
    ...name(id, tenant.organisationId),
    priority: 60,
    cost: 2_500,
    weight: 3,
    runningLimit: 5,
  });
  expect(Math.abs(Number(task?.['queuedAt']) - Date.now())).toBeLessThan(60_000);

  await cancelTask(ctx, { ...tenant, reference: { id } });
  expect(news()).toEqual([['withdraw', name(id, tenant.organisationId)]]);
});

test('a freed slot is announced with the time of its use, and a requeued task is offered with its age', async ({
  listening: { ctx, news },
  tenant,
}) => {
  const { id } = await createTask(ctx, aTask(tenant));
  const [[, offered] = []] = news();
  const lost = await running(ctx, id, await aWorker(ctx.store));
  await ctx.db.sql`update tasks set assigned_at = assigned_at - interval '9 s' where id = ${id}`;
  expect(news()).toEqual([]);
  await requeueTask(ctx, lost, 'worker_lost');
  const [[first, released] = [], again] = news();
  expect([first, again]).toEqual(['release', ['offer', offered]]);
  expect(released?.['usedMs']).toBeGreaterThan(9_000);
  expect(released?.['usedMs']).toBeLessThan(60_000);

  await finishTask(ctx, await running(ctx, id, await aWorker(ctx.store)), { result: answer });
  expect(news().map(([verb]) => verb)).toEqual(['release']);
});

test('a paused task is offered when its pause is over, not before', async ({
  listening: { ctx, news },
  tenant,
}) => {
  const { id } = await createTask(ctx, aTask(tenant));
  for (const _ of [1, 2]) {
    await requeueTask(ctx, await running(ctx, id, await aWorker(ctx.store)), 'worker_lost');
  }
  expect(news().map(([verb]) => verb)).toEqual(['offer', 'release', 'offer', 'release']);
  await ctx.db.sql`update tasks set not_before = now() where id = ${id}`;
  expect(await repair(ctx, 'backoff-due')).toBe(1);
  expect(news().map(([verb]) => verb)).toEqual(['offer']);
  await endPause(ctx.db, id);
});
