import type { TaskEventType } from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { cancelTask, killTask } from '../kill-task.ts';
import { readTask } from '../read/read-task.ts';
import { requeueTask } from '../requeue-task.ts';
import { answer, assigned, logOf, pass, preparing, running } from '../testing-life.ts';
import { aTask, aWorker, endPause, testWithTasks as test } from '../testing.ts';
import { repair } from '../upkeep/reconcile.ts';
import { failure, INFRA_ATTEMPTS_MAX } from './decide.ts';
import { FAILURES } from './failures.ts';

type Ctx = Parameters<typeof killTask>[0];
type Worker = Awaited<ReturnType<typeof aWorker>>;

/** Every way on which a task reaches its end with a result, from every status in which it may. */
const ENDINGS: Record<string, (ctx: Ctx, id: string, worker: Worker) => Promise<unknown>> = {
  'a start deadline that passes in the queue': async (ctx, id) => {
    await ctx.db.sql`update tasks set start_by = now() where id = ${id}`;
    await repair(ctx, 'start-deadlines');
  },
  'a start deadline that passes with an unconfirmed ticket': async (ctx, id, worker) => {
    await assigned(ctx, id, worker);
    await ctx.db.sql`update tasks set start_by = now() where id = ${id}`;
    await repair(ctx, 'start-deadlines');
  },
  'an input that is rejected before the accept': async (ctx, id, worker) => {
    const ticket = await assigned(ctx, id, worker);
    await finishTask(ctx, ticket, { result: failure(FAILURES.input_rejected.next, 'No.') });
  },
  'an input that is rejected in preprocess': async (ctx, id, worker) => {
    const ticket = await preparing(ctx, id, worker);
    await finishTask(ctx, ticket, { result: failure(FAILURES.input_rejected.next, 'No.') });
  },
  'a model that fails': async (ctx, id, worker) => {
    const ticket = await running(ctx, id, worker);
    await finishTask(ctx, ticket, { result: failure(FAILURES.model_failed.next, 'No.') });
  },
  'a model that cannot be loaded': (ctx, id) =>
    giveUp(ctx, id, async (worker) => {
      await requeueTask(ctx, await preparing(ctx, id, worker), 'load_failed');
    }),
  'workers that are lost': (ctx, id) =>
    giveUp(ctx, id, async (worker) => {
      await requeueTask(ctx, await running(ctx, id, worker), 'worker_lost');
    }),
  'a run without a report': async (ctx, id, worker) => {
    await running(ctx, id, worker);
    await pass(ctx.db, 10_000);
    await repair(ctx, 'overdue-runs');
  },
  'an answer': async (ctx, id, worker) => {
    await finishTask(ctx, await running(ctx, id, worker), { result: answer });
  },
};

describe('task_end and task_postprocess_start come before task_postprocess_end, once, after', () => {
  test.for(Object.entries(ENDINGS))('%s', async ([, end], { ctx, db, store, tenant }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    await end(ctx, id, await aWorker(store));
    const types = await typesOf(ctx, id);
    expect(types.slice(-4)).toEqual([
      'task_end',
      'task_postprocess_start',
      'task_cost',
      'task_postprocess_end',
    ]);
    expect(types.filter((type) => type === 'task_end')).toHaveLength(1);
    const { times } = await readTask(ctx, { ...tenant, reference: { id } });
    expect(times).toMatchObject({ endedAt: times.postprocessEndedAt });
    const [row] = await db.sql`
      select queued_in, worker_id, not_before from tasks where id = ${id}`;
    expect(row).toEqual({ queued_in: null, worker_id: null, not_before: null });
  });
});

test('a cancelled task enters task_cancel and nothing else, wherever it was', async ({
  ctx,
  store,
  tenant,
}) => {
  const stages = [null, assigned, preparing, running] as const;
  for (const carry of stages) {
    const { id } = await createTask(ctx, aTask(tenant));
    await carry?.(ctx, id, await aWorker(store));
    const end = carry === null ? cancelTask : killTask;
    await end(ctx, { ...tenant, reference: { id } });
    const types = await typesOf(ctx, id);
    expect(types.at(-1)).toBe('task_cancel');
    expect(types).not.toContain('task_end');
    expect(types).not.toContain('task_postprocess_end');
  }
});

async function giveUp(ctx: Ctx, id: string, fail: (worker: Worker) => Promise<void>) {
  for (let attempt = 1; attempt <= INFRA_ATTEMPTS_MAX; attempt++) {
    await fail(await aWorker(ctx.store));
    await endPause(ctx.db, id);
  }
}

async function typesOf(ctx: Ctx, id: string): Promise<TaskEventType[]> {
  const log = await logOf(ctx.db, id);
  return log.map(({ type }) => type as TaskEventType);
}
