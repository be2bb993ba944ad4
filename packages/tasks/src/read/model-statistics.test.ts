import type { Db } from '@runfleet/db';
import { expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { killTask } from '../kill-task.ts';
import { failure } from '../life/decide.ts';
import { answer, running } from '../testing-life.ts';
import { aTask, aWorker, phi, testWithTasks as test } from '../testing.ts';
import {
  foldEndedTasks,
  readModelStatistics,
  readToday,
  recountModelStatistics,
} from './model-statistics.ts';

/** As if all that happened so far had happened two minutes ago. */
const age = (db: Db) => db.sql`
  with unfolded as (update figures_folded set until = until - interval '2 minutes')
  update tasks set ended_at = ended_at - interval '2 minutes',
    accepted_at = accepted_at - interval '2 minutes', cancelled_at = cancelled_at - interval '2 minutes',
    postprocess_ended_at = postprocess_ended_at - interval '2 minutes'`;

test('statistics are the same whether the tasks behind them were added up, once or again, or not yet', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const worker = await aWorker(store, 10);
  const run = async () => {
    const { id } = await createTask(ctx, aTask(tenant));
    return running(ctx, id, worker);
  };
  const read = async () => [(await readModelStatistics(ctx)).get(phi().id), await readToday(ctx)];
  expect(await read()).toEqual([undefined, { spentUsd: '0.000000000000', finished: 0, failed: 0 }]);

  await finishTask(ctx, await run(), { result: answer });
  await finishTask(ctx, await run(), { result: answer });
  await finishTask(ctx, await run(), { result: failure('failed', 'No.') });
  const { taskId: id } = await run();
  await killTask(ctx, { ...tenant, reference: { id } });
  await run();
  const [{ spent } = { spent: '' }] = await db.sql<{ spent: string }[]>`
    select sum(total_cost) as spent from tasks`;
  const before = await read();
  expect(before).toEqual([
    {
      runCount: 5,
      successCount: 2,
      errorCount: 1,
      lastRunAt: expect.any(BigInt),
      averageTicks: expect.any(BigInt),
    },
    { spentUsd: spent, finished: 2, failed: 1 },
  ]);

  expect(await foldEndedTasks(ctx)).toBe(0); // Too fresh: a commit of that moment may be on its way.
  await age(db);
  expect(await foldEndedTasks(ctx)).toBe(4);
  expect(await foldEndedTasks(ctx)).toBe(0);
  expect(await read()).toEqual(before);
  await db.sql.begin((tx) => recountModelStatistics(tx));
  expect(await read()).toEqual(before);
  expect(await Promise.all([foldEndedTasks(ctx), foldEndedTasks(ctx)])).toContain(4);
  expect(await read()).toEqual(before);
});

test('a Run is expected to take what its model’s tasks took recently, within its timeout', async ({
  db,
  store,
  tenant,
}) => {
  const expected = async (timeoutSeconds: number) => {
    const { id } = await createTask({ store }, aTask(tenant, { timeoutSeconds }));
    const [row] = await db.sql<{ seconds: number }[]>`
      select expected_seconds as seconds from tasks where id = ${id}`;
    return row?.seconds;
  };
  expect(await expected(300)).toBe(1);
  const { id } = await createTask({ store }, aTask(tenant));
  const ticket = await running({ store }, id, await aWorker(store));
  await db.sql`update tasks set accepted_at = accepted_at - interval '20 s' where id = ${id}`;
  await finishTask({ store }, ticket, { result: answer });
  await age(db);
  await foldEndedTasks({ db });
  expect(await expected(300)).toBeCloseTo(20, 0);
  expect(await expected(10)).toBe(10);
});
