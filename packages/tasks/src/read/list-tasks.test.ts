import { expect } from 'vitest';

import { createTask } from '../create-task.ts';
import { aTask, testWithTasks } from '../testing.ts';
import { listTasks, listTaskSummaries, type TaskPage } from './list-tasks.ts';
import { EVERY_TASK } from './task-filter.ts';

const test = testWithTasks.extend('page', ({ tenant }) => (changes: Partial<TaskPage> = {}) => ({
  ...EVERY_TASK,
  organisationId: tenant.organisationId,
  start: 0,
  limit: 100,
  order: 'DESC' as const,
  ...changes,
}));

test('a task within its share of a page is listed whole, and one beyond it with cut texts', async ({
  ctx,
  db,
  tenant,
  page,
}) => {
  const long = 'é'.repeat(30_000);
  const parameters = {
    top_k: '7',
    prompt: long,
    messages: [{ role: 'user', content: long }],
    seed: 5,
    system_prompt: 'Be brief.',
  };
  const { id } = await createTask(ctx, aTask(tenant, { parameters }));
  await createTask(ctx, aTask(tenant));
  const file = { id: 'f', name: '0.txt', contenttype: 'text/plain', size: '60000' };
  // Without how its calls are written, a cut answer would show them as text.
  const end = { calls: 'hermes', finishreason: 'stop', usage: { total_tokens: 5 } };
  const content = { prompt: long, raw: long, thinking: [], answer: [long], ...end, logprobs: [1] };
  const outputs = [{ contenttype: 'raw', content }, file];
  await db.sql`
    update tasks set outputs = ${db.sql.json(outputs)}, debug_output = ${long}, debug_error = 'No.'
    where id = ${id}`;

  const whole = await listTasks(ctx, page({ limit: 2 }));
  expect(whole.total).toBe(2);
  expect(whole.tasks.map((task) => task.isShortened)).toEqual([false, false]);
  expect(whole.tasks[1]).toMatchObject({ id, parameters, outputs, debugOutput: long });

  const [small, cut] = (await listTasks(ctx, page())).tasks;
  const start = `${'é'.repeat(500)}…`;
  expect(small).toMatchObject({ isShortened: false, parameters: { prompt: 'Hello' } });
  expect(cut).toMatchObject({
    id,
    isShortened: true,
    parameters: { top_k: '7', prompt: start, seed: 5, system_prompt: 'Be brief.' },
    debugOutput: start,
    debugError: 'No.',
    outputs: [
      {
        contenttype: 'raw',
        content: { prompt: start, raw: start, thinking: [], answer: [start], ...end },
      },
      file,
    ],
  });
  expect(Object.keys(cut?.parameters ?? {})).toEqual(['top_k', 'prompt', 'seed', 'system_prompt']);
});

test('a task of many long inputs, as they were once stored unread, is cut to a few', async ({
  ctx,
  tenant,
  page,
}) => {
  const parameters = Object.fromEntries(
    Array.from({ length: 1_000 }, (_, index) => [`name${index}`, 'x'.repeat(900)]),
  );
  await createTask(
    ctx,
    aTask(tenant, { parameters: { [`n${'x'.repeat(1_000)}`]: 1, ...parameters } }),
  );
  const [task] = (await listTasks(ctx, page())).tasks;
  expect(Object.keys(task?.parameters ?? {})).toHaveLength(63);
  expect(JSON.stringify(task?.parameters).length).toBeLessThan(40_000);
});

test('a summary has the beginning of what was asked, wherever it stands', async ({
  ctx,
  tenant,
  page,
}) => {
  const asked = [
    { prompt: 'x'.repeat(300) },
    {
      messages: [
        { role: 'user', content: 'One' },
        { role: 'user', content: 'Two' },
      ],
    },
    { messages: [{ role: 'user', content: [{ type: 'text', text: 'Part' }] }], prompt: '' },
    { messages: '[{"role":"user","content":"In a text"}]' },
    { toolOutputs: [{ call_id: 'call_1_1', output: 'Noon' }] },
    { toolOutputs: [{ call_id: 'call_1_1', output: { degrees: 12 } }] },
  ];
  for (const parameters of asked) await createTask(ctx, aTask(tenant, { parameters }));
  const { total, tasks } = await listTaskSummaries(ctx, page({ order: 'ASC' }));
  expect(total).toBe(6);
  expect(tasks.map(({ prompt }) => prompt)).toEqual([
    'x'.repeat(200),
    'Two',
    'Part',
    '',
    'Noon',
    '{"degrees":12}',
  ]);
  expect(tasks[0]).toMatchObject({
    status: 'task_queue',
    modelId: '598',
    totalCost: 0n,
    pexit: '',
  });
});

test('a page is of one organisation and of the models that were asked for', async ({
  ctx,
  tenant,
  page,
}) => {
  await createTask(ctx, aTask(tenant));
  for (const list of [listTasks, listTaskSummaries]) {
    await expect(list(ctx, page({ modelIds: ['598'] }))).resolves.toMatchObject({ total: 1 });
    for (const other of [
      page({ modelIds: ['599'] }),
      page({ modelIds: [] }),
      page({ organisationId: '0' }),
    ]) {
      await expect(list(ctx, other)).resolves.toEqual({ total: 0, tasks: [] });
    }
    await expect(list(ctx, page({ start: 1_000_000 }))).resolves.toEqual({ total: 1, tasks: [] });
  }
});
