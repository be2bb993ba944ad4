import { expect } from 'vitest';

import { assignTasks } from '../assign-tasks.ts';
import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { cancelTask, killTask } from '../kill-task.ts';
import { failure } from '../life/decide.ts';
import { answer, running } from '../testing-life.ts';
import { aTask, aWorker, createTenant, testWithTasks as test } from '../testing.ts';
import { readTaskCounts } from './read-task-counts.ts';

test('each task of a project counts once, and those of others do not', async ({
  ctx,
  db,
  store,
  queue,
  tenant,
}) => {
  const worker = await aWorker(store, 8);
  const create = async () => (await createTask(ctx, aTask(tenant))).id;
  const ending = { store, queue, db };
  const of = (id: string) => ({ organisationId: tenant.organisationId, reference: { id } });

  for (const result of [answer, answer, failure('failed', 'x'), failure('expired', 'x')]) {
    await finishTask(ctx, await running(ctx, await create(), worker), { result });
  }
  await cancelTask(ending, of(await create()));
  const killed = await create();
  await running(ctx, killed, worker);
  await killTask(ending, of(killed));
  await running(ctx, await create(), worker);
  await assignTasks(ctx, [{ taskId: await create(), ...worker }]);
  await create();
  await createTask(ctx, aTask(await createTenant(db)));

  expect(await readTaskCounts(ctx, tenant)).toEqual({
    queued: 1,
    running: 2,
    ended: 2,
    failed: 2,
    cancelled: 2,
  });
  const empty = await createTenant(db);
  expect(await readTaskCounts(ctx, empty)).toEqual({
    queued: 0,
    running: 0,
    ended: 0,
    failed: 0,
    cancelled: 0,
  });
});
