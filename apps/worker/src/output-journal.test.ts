import { assignTasks, createTask, acceptTask, startTask } from '@runfleet/tasks';
import { aTask, aWorker, testWithTasks } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { OutputJournal } from './output-journal.ts';
import { StopReason } from './stop-reason.ts';

const test = testWithTasks.extend('run', async ({ store, tenant }) => {
  const { id } = await createTask({ store }, aTask(tenant));
  const worker = await aWorker(store);
  const { assigned } = await assignTasks({ store }, [{ taskId: id, ...worker }]);
  const ticket = assigned[0];
  if (!ticket) throw new Error('The task was not assigned.');
  await acceptTask({ store }, ticket);
  const control = new AbortController();
  const journal = new OutputJournal(
    { store },
    {
      ticket,
      started: startTask({ store }, ticket),
      calls: 'hermes',
      signal: control.signal,
      abort: (reason) => control.abort(reason),
    },
  );
  return { id, journal, control };
});

test('all text is in the log or in the remainder, in order and once', async ({ db, run }) => {
  const words = Array.from({ length: 200 }, (_, index) => `w${index} `);
  for (const [index, text] of words.entries()) {
    run.journal.add({ text, tokens: index + 1 });
    if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  const rest = await run.journal.close();
  const rows = await db.sql<{ payload: { raw: string; tokens: number; calls: string } }[]>`
    select payload from task_events where task_id = ${run.id} and type = 'task_output' order by seq`;
  const logged = rows.map(({ payload }) => payload.raw).join('');
  expect(logged + (rest?.raw ?? '')).toBe(words.join(''));
  expect(run.journal.tokens).toBe(200);
  expect([...rows.map(({ payload }) => payload.calls), rest.calls]).toEqual(
    Array.from({ length: rows.length + 1 }, () => 'hermes'),
  );
});

test('the run of a task that was taken from its worker is aborted as fenced', async ({
  db,
  run,
}) => {
  await db.sql`update tasks set epoch = epoch + 1 where id = ${run.id}`;
  run.journal.add({ text: 'late', tokens: 1 });
  await new Promise((resolve) => run.control.signal.addEventListener('abort', resolve));
  expect(run.control.signal.reason).toMatchObject({ kind: 'fenced' });
});

test('text that cannot be written yet is bounded', ({ run }) => {
  for (let tokens = 1; tokens <= 11; tokens++) {
    run.journal.add({ text: 'x'.repeat(100_000), tokens });
  }
  expect(run.control.signal.reason).toBeInstanceOf(StopReason);
  expect(run.control.signal.reason).toMatchObject({ kind: 'journal_full' });
});
