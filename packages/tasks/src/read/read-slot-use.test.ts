import { expect } from 'vitest';

import { createTenant, testWithTasks as test } from '../testing.ts';
import { readSlotUse } from './read-slot-use.ts';

test('slot-seconds are those in the window, of tasks that had a slot', async ({ db, tenant }) => {
  const other = await createTenant(db);
  const idle = await createTenant(db);
  const put = async (
    owner: typeof tenant,
    // Seconds ago.
    task: { assigned: number | null; freed: number | null; cancelled?: boolean },
  ) => {
    const ago = (seconds: number | null) =>
      seconds === null ? null : db.sql`now() - make_interval(secs => ${seconds})`;
    const isRunning = task.assigned !== null && task.freed === null;
    await db.sql`
      insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters,
        seed, timeout_seconds, status, outcome, epoch, seq, changed_at, worker_id, queued_at, assigned_at,
        postprocess_ended_at, cancelled_at, price_version, cps, held)
      values (${owner.organisationId}, ${owner.projectId}, ${owner.ownerId}, gen_random_uuid(), '1',
        'pool', '{}', 0, 300, ${isRunning ? 'task_start' : 'task_cancel'},
        ${task.freed === null ? null : 'succeeded'}, 1, 1, now(),
        ${isRunning ? owner.ownerId : null}, now(), ${ago(task.assigned)},
        ${task.cancelled === true ? null : ago(task.freed)},
        ${task.cancelled === true ? ago(task.freed) : null}, '1', 0, 0)`;
  };
  await put(tenant, { assigned: 50, freed: 20 });
  await put(tenant, { assigned: 200, freed: 90 });
  await put(tenant, { assigned: 300, freed: 150 });
  await put(tenant, { assigned: 15, freed: 10, cancelled: true });
  await put(other, { assigned: 100, freed: null });
  await put(other, { assigned: 60, freed: null });
  await put(idle, { assigned: null, freed: 10, cancelled: true });
  await put(idle, { assigned: null, freed: null });

  const seconds = (expected: number) => expect.closeTo(expected, 0);
  expect(await readSlotUse({ db }, { windowSeconds: 100, limit: 10 })).toEqual({
    windowSeconds: 100,
    uses: [
      { organisationId: other.organisationId, running: 2, slotSeconds: seconds(160) },
      { organisationId: tenant.organisationId, running: 0, slotSeconds: seconds(45) },
    ],
  });
  expect(await readSlotUse({ db }, { windowSeconds: 70, limit: 1 })).toMatchObject({
    uses: [{ slotSeconds: seconds(130) }],
  });
});

test('a window in which very many tasks ended is made shorter, and says so', async ({
  db,
  tenant,
}) => {
  const { organisationId, projectId, ownerId } = tenant;
  await db.sql`
    insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters, seed,
      timeout_seconds, status, outcome, epoch, seq, changed_at, queued_at, assigned_at,
      postprocess_ended_at, price_version, cps, held)
    select ${organisationId}, ${projectId}, ${ownerId}, gen_random_uuid(), '1', 'pool', '{}', 0, 300,
      'task_postprocess_end', 'succeeded', 1, 1, now(), now(), now() - make_interval(secs => n + 1),
      now() - make_interval(secs => n), '1', 0, 0
    from generate_series(1, 20) as n`;
  const { windowSeconds, uses } = await readSlotUse(
    { db },
    { windowSeconds: 100, limit: 10, endedTasksMax: 10 },
  );
  expect(windowSeconds).toBeCloseTo(11, 0);
  expect(uses).toEqual([{ organisationId, running: 0, slotSeconds: expect.closeTo(10, 0) }]);
});
