import type { Db } from '@runfleet/db';
import { describe, expect } from 'vitest';

import { assignTasks } from '../assign-tasks.ts';
import { acceptTask, finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { readTask } from '../read/read-task.ts';
import { requeueTask } from '../requeue-task.ts';
import { openTaskStore } from '../store/task-store.ts';
import {
  answer,
  assigned,
  expectBalancedBooks,
  logOf,
  pass,
  running,
  usedSlots,
} from '../testing-life.ts';
import { aTask, aWorker, testWithTasks as test } from '../testing.ts';
import { repair, repairOne } from '../upkeep/reconcile.ts';

/** As if the task had been created an hour earlier. */
const age = (db: Db, id: string) => db.sql`
  update tasks set start_by = start_by - interval '1 hour',
    accepted_at = accepted_at - interval '1 hour' where id = ${id}`;

describe('to start', () => {
  test('a task that no worker started in time ends with its reason, costs nothing and returns its hold', async ({
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
    expect(await repair({ store }, 'start-deadlines')).toBe(0);
    expect(await repairOne({ store }, 'start-deadlines', id)).toBe(false);
    await age(db, id);
    expect(await repair({ store }, 'start-deadlines')).toBe(1);
    expect(await repair({ store }, 'start-deadlines')).toBe(0);

    const task = await readTask({ db }, { ...tenant, reference: { id } });
    expect(task).toMatchObject({
      status: 'task_postprocess_end',
      outcome: 'expired',
      pexit: '124',
      totalCost: 0n,
      debugError: 'No worker could start the run by its start timeout.',
      receipt: { finishReason: 'timeout' },
    });
    const log = await logOf(db, id);
    expect(log.map(({ type }) => type)).toEqual([
      'task_queue',
      'task_cost',
      'task_error',
      'task_error_full',
      'task_end',
      'task_postprocess_start',
      'task_cost',
      'task_postprocess_end',
    ]);
    const account = await expectBalancedBooks(db, tenant.organisationId);
    expect(account).toMatchObject({ held: 0n, activeTasks: 0 });
  });

  test('an assigned task that was not accepted by then ends and frees its slot; its ticket is stale', async ({
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
    const ticket = await assigned({ store }, id, worker);
    await age(db, id);
    expect(await repair({ store }, 'start-deadlines')).toBe(1);
    expect(await usedSlots(db, worker.workerId)).toBe(0);
    expect(await acceptTask({ store }, ticket)).toBe('fenced');
  });

  test('an accepted task is not held to it, nor is one that never had a deadline', async ({
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
    const patient = await createTask({ store }, aTask(tenant));
    const ticket = await running({ store }, id, worker);
    await db.sql`update tasks set start_by = start_by - interval '1 hour' where id = ${id}`;
    expect(await repair({ store }, 'start-deadlines')).toBe(0);
    expect(await repairOne({ store }, 'start-deadlines', id)).toBe(false);
    expect(await repairOne({ store }, 'start-deadlines', patient.id)).toBe(false);
    expect(await finishTask({ store }, ticket, { result: answer })).toBe('done');
  });

  test('a task that was accepted once has met it, though it must run again', async ({
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
    const ticket = await running({ store }, id, await aWorker(store));
    await age(db, id);
    expect(await requeueTask({ store }, ticket, 'worker_lost')).toBe(true);
    expect(await repair({ store }, 'start-deadlines')).toBe(0);
    const heir = await running({ store }, id, await aWorker(store));
    expect(await finishTask({ store }, heir, { result: answer })).toBe('done');
  });

  test('past its deadline a task is not assigned any more, even before it is expired', async ({
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
    await age(db, id);
    expect(await assignTasks({ store }, [{ taskId: id, ...worker }])).toEqual({
      assigned: [],
      unplaced: [],
      gone: [{ taskId: id }],
    });
  });

  test('expiry and assignment in two processes exclude each other', async ({
    db,
    store,
    queue,
    tenant,
  }) => {
    await using elsewhere = openTaskStore({ db, queue, announce: () => {} });
    // One of the two reads a clock that is past the deadline, the other one that is not.
    await using early = openTaskStore({ db, queue, announce: () => {}, clock: () => 1n });
    const worker = await aWorker(store, 20);
    for (let i = 0; i < 10; i++) {
      const { id } = await createTask({ store }, aTask(tenant, { startTimeoutSeconds: 60 }));
      await age(db, id);
      const [{ assigned: tickets }, expired] = await Promise.all([
        assignTasks({ store: early }, [{ taskId: id, ...worker }]),
        repairOne({ store: elsewhere }, 'start-deadlines', id),
      ]);
      // A task that was assigned first expires too, since no worker has accepted it. Never the reverse.
      const log = (await logOf(db, id)).map(({ type }) => type);
      expect(expired).toBe(true);
      expect(log.filter((type) => type === 'task_assign')).toHaveLength(tickets.length);
      expect(log.at(-1)).toBe('task_postprocess_end');
    }
    expect(await usedSlots(db, worker.workerId)).toBe(0);
    await expectBalancedBooks(db, tenant.organisationId);
  });
});

test('a run without a report ends some time after its timeout', async ({ db, store, tenant }) => {
  const worker = await aWorker(store);
  const { id } = await createTask({ store }, aTask(tenant, { timeoutSeconds: 3_570 }));
  const ticket = await running({ store }, id, worker);
  expect(await repair({ store }, 'overdue-runs')).toBe(0);
  // The clock alone may have been set.
  await age(db, id);
  expect(await repair({ store }, 'overdue-runs')).toBe(0);
  await pass(db, 3_789); // 3,570 s and 30 s to report, of pulses that take 0.95 s at least
  expect(await repair({ store }, 'overdue-runs')).toBe(0);
  await pass(db, 1);
  expect(await repair({ store }, 'overdue-runs')).toBe(1);
  expect(await finishTask({ store }, ticket, { result: answer })).toBe('fenced');
  expect(await readTask({ db }, { ...tenant, reference: { id } })).toMatchObject({
    outcome: 'expired',
    totalCost: 0n,
    debugError: 'The run did not end by its timeout.',
  });
  expect(await usedSlots(db, worker.workerId)).toBe(0);
});
