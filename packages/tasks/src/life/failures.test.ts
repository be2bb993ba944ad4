import { randomUUID } from 'node:crypto';

import type { Db } from '@runfleet/db';
import type { Ticket, QueuedTask } from '@runfleet/queue';
import { describe, expect } from 'vitest';

import { assignTasks } from '../assign-tasks.ts';
import { acceptTask, finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { HOST_LOSS_PULSES, QUARANTINE_PULSES, STRIKES_MAX } from '../fleet/decide-worker.ts';
import { listQueuedTasks } from '../fleet/list-index-tasks.ts';
import { registerWorker, renewWorker } from '../fleet/worker-registry.ts';
import { readTask } from '../read/read-task.ts';
import { requeueTask } from '../requeue-task.ts';
import { openTaskStore } from '../store/task-store.ts';
import { answer, assigned, expectBalancedBooks, pass, running } from '../testing-life.ts';
import {
  aDescription,
  aTask,
  aWorker,
  createTenant,
  endPause,
  phi,
  testWithTasks as test,
} from '../testing.ts';
import { repair, repairOne } from '../upkeep/reconcile.ts';
import { ALONE_SECONDS_MAX } from '../upkeep/suspects.ts';
import { ACCEPT_PULSES, ASSIGNMENTS_MAX, failure, INFRA_ATTEMPTS_MAX } from './decide.ts';
import { FAILURES, type RetriedFailure } from './failures.ts';

async function workerOf(db: Db, id: string) {
  const [row] = await db.sql<{ state: string; strikes: number }[]>`
    select state, strikes from workers where id = ${id}`;
  return row;
}

async function avoidsOf(db: Db, id: string) {
  const [row] = await db.sql<{ avoids: string[]; paused: boolean }[]>`
    select avoids, not_before is not null as paused from tasks where id = ${id}`;
  return row;
}

const failuresOf = (next: string) =>
  Object.entries(FAILURES).flatMap(([name, row]) =>
    row.next === next ? [name as RetriedFailure] : [],
  );

describe('what follows a failure', () => {
  test.for(failuresOf('retry'))(
    '%s: another attempt that avoids the worker, until none is left; never billed',
    async (kind, { ctx, db, store, tenant }) => {
      const { id } = await createTask(ctx, aTask(tenant));
      const workers = [];
      for (let attempt = 1; attempt <= INFRA_ATTEMPTS_MAX; attempt++) {
        const worker = await aWorker(store);
        workers.push(worker.workerId);
        const ticket = await running(ctx, id, worker);
        expect(await requeueTask(ctx, ticket, kind, 'it broke')).toBe(true);
        if (attempt < INFRA_ATTEMPTS_MAX) {
          expect(await avoidsOf(db, id)).toEqual({ avoids: workers, paused: attempt > 1 });
          await endPause(db, id);
        }
      }
      const task = await readTask(ctx, { ...tenant, reference: { id } });
      expect(task).toMatchObject({ outcome: 'failed', pexit: '1', totalCost: 0n });
      expect(task.debugError).toBe(
        `Gave up after ${INFRA_ATTEMPTS_MAX} attempts: ${FAILURES[kind].message} (it broke).`,
      );
      const account = await expectBalancedBooks(db, tenant.organisationId);
      expect(account).toMatchObject({ held: 0n, activeTasks: 0 });
    },
  );

  test.for(failuresOf('return'))(
    '%s: back in line without a pause or a grudge, but no more often than a task may be assigned',
    async (kind, { ctx, db, store, tenant }) => {
      const { id } = await createTask(ctx, aTask(tenant));
      const worker = await aWorker(store);
      await requeueTask(ctx, await running(ctx, id, worker), kind);
      expect(await avoidsOf(db, id)).toEqual({ avoids: [], paused: false });
      expect(await readTask(ctx, { ...tenant, reference: { id } })).toMatchObject({
        status: 'task_queue',
        infraAttempts: 0,
      });
      for (let time = 2; time <= ASSIGNMENTS_MAX; time++) {
        await requeueTask(ctx, await assigned(ctx, id, worker), kind);
      }
      const task = await readTask(ctx, { ...tenant, reference: { id } });
      expect(task).toMatchObject({ outcome: 'failed', totalCost: 0n, infraAttempts: 0 });
      expect(task.debugError).toContain(`Gave up after ${ASSIGNMENTS_MAX} assignments`);
      expect(await workerOf(db, worker.workerId)).toEqual({ state: 'ready', strikes: 0 });
    },
  );

  test('an error that is very long is cut, between characters, wherever it is kept', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const long = `.${'😀'.repeat(10_000)}`;
    const worker = await aWorker(store);
    const task = async (end: (ticket: Ticket) => Promise<unknown>) => {
      const { id } = await createTask(ctx, aTask(tenant));
      await end(await running(ctx, id, worker));
      const [kept] = await db.sql<{ log: number; error: string }[]>`
        select max(length(payload::text)) as log, max(debug_error) as error
        from task_events e join tasks t on t.id = e.task_id
        where task_id = ${id} and type <> 'task_cost'`;
      expect(kept?.log).toBeGreaterThan(4_000);
      expect(kept?.log).toBeLessThan(9_000);
      return kept?.error;
    };
    const error = await task((ticket) =>
      finishTask(ctx, ticket, { result: failure('failed', long) }),
    );
    expect(error).toMatch(/^\.(😀)+$/u);
    await task((ticket) => requeueTask(ctx, ticket, 'run_broke_off', long));
  });

  test("the caller's fault and the model's end the task at once and are no strike", async ({
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    for (const { next } of [FAILURES.input_rejected, FAILURES.model_failed]) {
      const { id } = await createTask({ store }, aTask(tenant));
      const ticket = await running({ store }, id, worker);
      await finishTask({ store }, ticket, { result: failure(next, 'No.') });
      const task = await readTask({ db }, { ...tenant, reference: { id } });
      expect(task).toMatchObject({ outcome: next, totalCost: 0n, infraAttempts: 0 });
    }
    expect(await workerOf(db, worker.workerId)).toEqual({ state: 'ready', strikes: 0 });
  });
});

describe('the pause before a retry', () => {
  test('a paused task is not assigned; when the pause is over it is offered once', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    for (const _ of [1, 2]) {
      await requeueTask(ctx, await running(ctx, id, await aWorker(store)), 'worker_lost');
    }
    const worker = await aWorker(store);
    const placements = [{ taskId: id, ...worker }];
    expect((await assignTasks(ctx, placements)).gone).toEqual([{ taskId: id }]);
    expect(await repair(ctx, 'backoff-due')).toBe(0);
    expect(await repairOne(ctx, 'backoff-due', id)).toBe(false);
    await db.sql`update tasks set not_before = now() where id = ${id}`;
    expect(await repair(ctx, 'backoff-due')).toBe(1);
    expect(await repair(ctx, 'backoff-due')).toBe(0);
    expect((await assignTasks(ctx, placements)).assigned).toHaveLength(1);
  });

  test('that is longer than any pause ends: the clock was set back since it began', async ({
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask({ store }, aTask(tenant));
    await db.sql`update tasks set not_before = now() + interval '5 seconds' where id = ${id}`;
    expect(await repair({ store }, 'backoff-due')).toBe(0);
    await db.sql`update tasks set not_before = now() + interval '1 hour' where id = ${id}`;
    expect(await repair({ store }, 'backoff-due')).toBe(1);
    expect(await assigned({ store }, id, await aWorker(store))).toMatchObject({ taskId: id });
  });

  test('of tasks that fell twice each pool tries one at a time, and none waits long for other tenants', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const ids = [];
    for (let i = 0; i < 3; i++) ids.push((await createTask(ctx, aTask(tenant))).id);
    for (const _ of [1, 2]) {
      const worker = await aWorker(store);
      for (const id of ids) {
        await requeueTask(ctx, await running(ctx, id, worker), 'worker_lost');
      }
    }
    await db.sql`update tasks set not_before = now() where id = any(${ids})`;
    expect(await repair(ctx, 'backoff-due')).toBe(1);
    expect(await repair(ctx, 'backoff-due')).toBe(0);
    const [first] = await db.sql<{ id: string }[]>`
      select id from tasks where not_before is null and id = any(${ids})`;
    const ticket = await running(ctx, first?.id ?? '', await aWorker(store));
    expect(await repair(ctx, 'backoff-due')).toBe(0);
    const waited = (seconds: number) => db.sql`
      update tasks set not_before = now() - make_interval(secs => ${seconds})
      where not_before is not null`;
    await waited(ALONE_SECONDS_MAX + 1);
    expect(await repair(ctx, 'backoff-due')).toBe(0);

    const other = await createTenant(db);
    const { id } = await createTask(ctx, aTask(other));
    for (const _ of [1, 2]) {
      await requeueTask(ctx, await running(ctx, id, await aWorker(store)), 'worker_lost');
    }
    await waited(ALONE_SECONDS_MAX - 1);
    expect(await repair(ctx, 'backoff-due')).toBe(0);
    await waited(ALONE_SECONDS_MAX + 1);
    expect(await repair(ctx, 'backoff-due')).toBe(1);
    expect(await avoidsOf(db, id)).toMatchObject({ paused: false });

    // One that succeeds lets two more of its tenant's follow.
    await finishTask(ctx, ticket, { result: answer });
    expect(await repair(ctx, 'backoff-due')).toBe(2);
  });

  test('a suspect stands at the end of its line, by the offer and by what an index is filled from', async ({
    db,
    store,
    tenant,
  }) => {
    const offers: QueuedTask[] = [];
    const queue = {
      offer: (task: QueuedTask) => offers.push(task),
      withdraw() {},
      release() {},
      callBack() {},
    };
    await using telling = openTaskStore({ db, queue, announce: () => {} });
    const ctx = { db, store: telling };
    const { id } = await createTask(ctx, aTask(tenant, { priority: 100 }));
    for (const _ of [1, 2]) {
      await requeueTask(ctx, await running(ctx, id, await aWorker(store)), 'worker_lost');
    }
    await db.sql`update tasks set not_before = now() where id = ${id}`;
    await repair(ctx, 'backoff-due');
    const [first, again, suspect] = offers;
    expect(again).toEqual(first);
    expect(suspect).toMatchObject({ taskId: id, priority: 0 });
    expect(suspect?.queuedAt).toBeGreaterThan(first?.queuedAt ?? Infinity);
    const { pool } = phi();
    const [listed] = await listQueuedTasks(ctx, { pool, afterId: '0', limit: 1 });
    expect(listed).toEqual({
      ...suspect,
      cost: expect.closeTo(suspect?.cost ?? 0, 0),
      queuedAt: expect.closeTo(suspect?.queuedAt ?? 0, -1),
    });
  });

  test('a thousand tasks that kill their workers are tried one after the other', async ({
    ctx,
    db,
    tenant,
  }) => {
    await createTask(ctx, aTask(tenant));
    await db.sql`
      insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters,
        seed, timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held,
        queued_in, infra_attempts, not_before)
      select organisation_id, project_id, owner_id, 'token-' || n, model_id, pool, '{}', 1, 300,
        'task_queue', 4, 9, now(), now(), '', 0, 0, pool, 2, now() - interval '1 hour'
      from tasks, generate_series(1, 1000) n`;
    expect(await repair(ctx, 'backoff-due')).toBe(1);
    expect(await repair(ctx, 'backoff-due')).toBe(0);
  });
});

describe('a worker', () => {
  async function fails(ctx: Parameters<typeof running>[0], id: string, worker: Worker) {
    await requeueTask(ctx, await running(ctx, id, worker), 'run_broke_off');
  }
  type Worker = { workerId: string; generation: number };

  test('that fails different tasks in a row rests for a while, then works on probation', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    const { workerId } = worker;
    await aWorker(store, 4, { pools: ['another'] });
    for (let strike = 1; strike <= STRIKES_MAX; strike++) {
      expect(await repair(ctx, 'quarantines')).toBe(0);
      await fails(ctx, (await createTask(ctx, aTask(tenant))).id, worker);
    }
    expect(await repair(ctx, 'quarantines')).toBe(0); // No other worker can do its work.
    await aWorker(store);
    expect(await repair(ctx, 'quarantines')).toBe(1);
    expect(await workerOf(db, workerId)).toMatchObject({ state: 'quarantined' });
    const { id } = await createTask(ctx, aTask(tenant));
    expect((await assignTasks(ctx, [{ taskId: id, ...worker }])).unplaced).toHaveLength(1);

    // It stays on the list, and a new connection does not end its rest.
    const renewal = { id: workerId, generation: 1, seenPulse: 0 };
    expect(await renewWorker(ctx, renewal)).not.toBeNull();
    const again = { id: workerId, host: 'h', slots: 4, description: aDescription() };
    await registerWorker(ctx, again);
    expect(await workerOf(db, workerId)).toMatchObject({ state: 'quarantined' });

    await pass(db, QUARANTINE_PULSES - 1);
    expect(await repair(ctx, 'paroles')).toBe(0);
    await pass(db, 1);
    expect(await repair(ctx, 'paroles')).toBe(1);
    expect(await workerOf(db, workerId)).toEqual({ state: 'ready', strikes: STRIKES_MAX - 1 });
  });

  test('that succeeds in between does not', async ({ ctx, db, store, tenant }) => {
    const worker = await aWorker(store);
    for (let i = 0; i < 2 * STRIKES_MAX; i++) {
      await fails(ctx, (await createTask(ctx, aTask(tenant))).id, worker);
      const { id } = await createTask(ctx, aTask(tenant));
      await finishTask(ctx, await running(ctx, id, worker), { result: answer });
    }
    expect(await workerOf(db, worker.workerId)).toEqual({ state: 'ready', strikes: 0 });
    expect(await repair(ctx, 'quarantines')).toBe(0);
  });

  test('is not blamed twice for one task', async ({ ctx, db, store, tenant }) => {
    const worker = await aWorker(store);
    const { id } = await createTask(ctx, aTask(tenant));
    await fails(ctx, id, worker);
    await fails(ctx, id, worker);
    expect(await workerOf(db, worker.workerId)).toEqual({ state: 'ready', strikes: 1 });
  });

  test('an input that kills its workers ends, and no worker is quarantined', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    const workers = [];
    for (let attempt = 1; attempt <= INFRA_ATTEMPTS_MAX; attempt++) {
      const worker = await aWorker(store);
      workers.push(worker.workerId);
      await running(ctx, id, worker);
      await db.sql`update workers set renewed_pulse = -100, kept_pulse = -100 where id = ${worker.workerId}`;
      expect(await repair(ctx, 'silent-workers')).toBe(1);
      expect(await repair(ctx, 'lost-workers')).toBe(1);
      await endPause(db, id);
    }
    const task = await readTask(ctx, { ...tenant, reference: { id } });
    expect(task).toMatchObject({ outcome: 'failed', totalCost: 0n });
    expect(task.debugError).toContain('Gave up after 3 attempts: worker lost (a-host)');
    for (const workerId of workers) {
      expect(await workerOf(db, workerId)).toEqual({ state: 'lost', strikes: 0 });
    }
  });
});

describe('a host', () => {
  test('that loses one worker after the other has its next one rest, so that it does not get all that they lost', async ({
    db,
    store,
  }) => {
    const host = `broken-${randomUUID()}`;
    const register = async () => {
      const id = randomUUID();
      await registerWorker({ store }, { id, host, slots: 4, description: aDescription() });
      return id;
    };
    const lose = (ids: string[], pulsesAgo: number) => db.sql`
      update workers set state = 'lost', renewed_pulse = (select n from pulse) - ${pulsesAgo}
      where id = any(${ids})`;
    await pass(db, 1_000);
    await aWorker(store);
    // A restart of the host with four workers is one moment, and not a bad sign.
    await lose([await register(), await register(), await register(), await register()], 0);
    expect(await workerOf(db, await register())).toMatchObject({ state: 'ready' });
    await lose([await register()], 100);
    await lose([await register()], HOST_LOSS_PULSES + 1);
    expect(await workerOf(db, await register())).toMatchObject({ state: 'ready' });
    await lose([await register()], 200);
    const next = await register();
    expect(await workerOf(db, next)).toMatchObject({ state: 'quarantined' });
    await pass(db, QUARANTINE_PULSES);
    await repair({ store }, 'paroles');
    expect(await workerOf(db, next)).toMatchObject({ state: 'ready' });
  });
});

describe('a ticket that no worker confirms', () => {
  test('counts as an attempt, is tried elsewhere, and ends its task after too many; never billed', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const { id } = await createTask(ctx, aTask(tenant));
    for (let attempt = 1; attempt <= INFRA_ATTEMPTS_MAX; attempt++) {
      const worker = await aWorker(store);
      await assigned(ctx, id, worker);
      await pass(db, ACCEPT_PULSES + 1);
      expect(await repair(ctx, 'accept-deadlines')).toBe(1);
      const task = await readTask(ctx, { ...tenant, reference: { id } });
      expect(task.infraAttempts).toBe(attempt);
      if (attempt === INFRA_ATTEMPTS_MAX) break;
      expect((await avoidsOf(db, id))?.avoids).toContain(worker.workerId);
      await endPause(db, id);
    }
    const task = await readTask(ctx, { ...tenant, reference: { id } });
    expect(task).toMatchObject({ outcome: 'failed', pexit: '1', totalCost: 0n });
    expect(task.debugError).toBe('Gave up after 3 attempts: not accepted in time.');
    const account = await expectBalancedBooks(db, tenant.organisationId);
    expect(account).toMatchObject({ held: 0n, activeTasks: 0 });
  });

  test('is no strike where it may have been lost, however long the worker renewed before', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    const { id } = await createTask(ctx, aTask(tenant));
    await assigned(ctx, id, worker);
    await pass(db, ACCEPT_PULSES + 1);
    // Answered, but the answer may not have arrived.
    const { workerId, generation } = worker;
    await renewWorker(ctx, { id: workerId, generation, seenPulse: 0 });
    expect(await repair(ctx, 'accept-deadlines')).toBe(1);
    expect(await workerOf(db, workerId)).toEqual({ state: 'ready', strikes: 0 });
  });

  test('is a strike where the worker confirmed a list that it was on', async ({
    ctx,
    db,
    store,
    tenant,
  }) => {
    const worker = await aWorker(store);
    const { workerId, generation } = worker;
    const { id } = await createTask(ctx, aTask(tenant));
    const ticket = await assigned(ctx, id, worker);
    await pass(db, 2);
    const seen = await renewWorker(ctx, { id: workerId, generation, seenPulse: 0 });
    expect(seen?.tasks).toEqual([{ taskId: id, epoch: 1, isAccepted: false }]);
    await pass(db, ACCEPT_PULSES - 1);
    await renewWorker(ctx, { id: workerId, generation, seenPulse: seen?.pulse ?? 0 });
    expect(await repair(ctx, 'accept-deadlines')).toBe(1);
    expect(await workerOf(db, workerId)).toEqual({ state: 'ready', strikes: 1 });
    expect(await acceptTask(ctx, ticket)).toBe('fenced');
  });
});
