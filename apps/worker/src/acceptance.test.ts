import { assignTasks, createTask, readTask } from '@runfleet/tasks';
import { aTask, aWorker, testWithTasks } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { Acceptance } from './acceptance.ts';

const test = testWithTasks.extend('ticket', async ({ store, tenant }) => {
  const { id: taskId } = await createTask({ store }, aTask(tenant));
  const worker = await aWorker(store);
  const { assigned } = await assignTasks({ store }, [{ taskId, ...worker }]);
  const ticket = assigned[0];
  if (!ticket) throw new Error('The task was not assigned.');
  const read = (db: Parameters<typeof readTask>[0]['db']) =>
    readTask({ db }, { ...tenant, reference: { id: taskId } });
  return { ...ticket, read };
});

const neverAborted = new AbortController().signal;

test('a run that is ready at once is accepted and started in one commit', async ({
  db,
  store,
  ticket,
}) => {
  let acceptances = 0;
  const onAccepted = () => (acceptances += 1);
  const { workerId } = ticket;
  const acceptance = new Acceptance(
    { store, workerId },
    { ticket, signal: neverAborted, onAccepted },
  );
  expect(await acceptance.whileWaiting(Promise.resolve('a model'))).toBe('a model');
  expect((await ticket.read(db)).status).toBe('task_assign');
  expect(await acceptance.start()).toBe('done');
  await acceptance.accept();
  const { status, times } = await ticket.read(db);
  expect(status).toBe('task_start');
  expect(times.startedAt).toBe(times.acceptedAt);
  expect(acceptances).toBe(1);
});

test('a slow preparation is awaited after the accept', async ({ db, store, ticket }) => {
  const { workerId } = ticket;
  const options = { ticket, signal: neverAborted, onAccepted: () => loaded('a model') };
  let loaded = (_model: string) => {};
  const loading = new Promise<string>((resolve) => (loaded = resolve));
  const acceptance = new Acceptance({ store, workerId }, options);
  // The model loads only after the accept: without one, this would never resolve.
  expect(await acceptance.whileWaiting(loading)).toBe('a model');
  expect((await ticket.read(db)).status).toBe('task_preprocess_start');
  expect(await acceptance.start()).toBe('done');
  expect((await ticket.read(db)).status).toBe('task_start');
});

test('a ticket that the worker has lost is fenced, however it is confirmed', async ({
  db,
  store,
  ticket,
}) => {
  await db.sql`update tasks set epoch = epoch + 1 where id = ${ticket.taskId}`;
  const { workerId } = ticket;
  const options = { ticket, signal: neverAborted, onAccepted: () => expect.unreachable() };
  const slow = new Acceptance({ store, workerId }, options);
  await expect(slow.accept()).rejects.toMatchObject({ kind: 'fenced' });
  const quick = new Acceptance({ store, workerId }, options);
  expect(await quick.start()).toBe('fenced');
  await expect(quick.accept()).rejects.toMatchObject({ kind: 'fenced' });
});
