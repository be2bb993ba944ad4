import type { Db } from '@runfleet/db';
import { expect } from 'vitest';

import { finishTask } from '../carry-task.ts';
import { createTask } from '../create-task.ts';
import { answer, running } from '../testing-life.ts';
import { aTask, aWorker, phi, testWithTasks as test } from '../testing.ts';
import { paceOf, type PaceSnapshot, readPace } from './read-pace.ts';

const seen = (changes: Partial<PaceSnapshot>): PaceSnapshot => ({
  tasks: 4,
  tookSeconds: 32,
  expectedSeconds: 4,
  queuedSeconds: 1,
  ...changes,
});

test.for<[string, PaceSnapshot, number]>([
  [
    'nothing has ended or run for long: the guess stays',
    seen({ tasks: 0, tookSeconds: 0, expectedSeconds: 0 }),
    1,
  ],
  ['nothing is in line', seen({ queuedSeconds: null }), 1],
  ['all took eight times the guess that those in line have, too', seen({}), 8],
  [
    'half of the line came when their average was known',
    seen({ queuedSeconds: 4.5 }),
    32 / 4 / 4.5,
  ],
  ['all of the line came when their average was known', seen({ queuedSeconds: 8 }), 1],
  ['the callers of those in line expect more, which is believed', seen({ queuedSeconds: 60 }), 1],
  [
    'what was expected was right, whatever those in line expect',
    seen({ expectedSeconds: 32, queuedSeconds: 60 }),
    1,
  ],
  ['they took half of what is expected', seen({ tookSeconds: 2 }), 0.5],
])('%s', ([, what, pace]) => {
  expect(paceOf(what)).toBeCloseTo(pace);
});

/** As if the task had been accepted so many seconds earlier. */
const age = (db: Db, id: string, seconds: number) => db.sql`
  update tasks set accepted_at = accepted_at - make_interval(secs => ${seconds}) where id = ${id}`;

test('the first tasks of a model are known by those that run for long, and then by those that ended', async ({
  ctx,
  db,
  store,
  tenant,
}) => {
  const pace = () => readPace({ db }, phi().pool);
  const worker = await aWorker(store);
  const [first, second] = [
    await createTask(ctx, aTask(tenant)),
    await createTask(ctx, aTask(tenant)),
  ];
  await createTask(ctx, aTask(tenant));
  const ticket = await running(ctx, first.id, worker);
  await running(ctx, second.id, worker);
  expect(await pace()).toBe(1);
  await age(db, second.id, 3);
  expect(await pace()).toBeCloseTo(3, 0);
  await age(db, first.id, 9);
  await finishTask(ctx, ticket, { result: answer });
  expect(await pace()).toBeCloseTo((9 + 3) / 2, 0);
  expect(await readPace({ db }, 'another pool')).toBe(1);
});
