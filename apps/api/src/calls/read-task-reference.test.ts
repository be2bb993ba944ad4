import { describe, expect } from 'vitest';

import { testWithTasks as test } from '../routes/v1/task/testing.ts';

const NOT_FOUND = { errors: [{ code: 1, message: 'task-not-exist' }], result: false };

describe.for(['Detail', 'Cancel', 'Kill'])('Task/%s', (call) => {
  test.for(['tasktoken', 'socketaccesstoken', 'taskid'] as const)(
    'finds a task by its %s',
    async (name, { tasks }) => {
      const { id, token } = await tasks.run();
      const found = await tasks.ask(call, { [name]: name === 'taskid' ? id : token });
      expect(found).toMatchObject({ total: '1', errors: [], tasklist: [{ id }], result: true });
    },
  );

  test("answers another tenant's task exactly like an unknown one", async ({ api, tasks }) => {
    const other = await api.createTenant();
    const { id, token } = await tasks.run(other);
    const unknown = [{ tasktoken: 'A'.repeat(30) }, { taskid: '999999999' }];
    const foreign = [{ tasktoken: token }, { taskid: id }];
    for (const body of [...unknown, ...foreign]) {
      await expect(tasks.ask(call, body)).resolves.toEqual(NOT_FOUND);
    }
    await expect(tasks.ask('Detail', { taskid: id }, other)).resolves.toMatchObject({
      tasklist: [{ status: 'task_queue' }],
    });
  });

  test('answers a malformed reference like an unknown task', async ({ tasks }) => {
    const { id } = await tasks.run();
    const references = [
      { tasktoken: 'short' },
      { tasktoken: `${'A'.repeat(29)}\0` },
      { tasktoken: {} },
      { taskid: '-1' },
      { taskid: `0${id}` },
      { taskid: '9'.repeat(40) },
      { taskid: "1' or true" },
    ];
    for (const reference of references) {
      await expect(tasks.ask(call, reference)).resolves.toEqual(NOT_FOUND);
    }
  });

  test('refuses a call without a reference', async ({ tasks }) => {
    for (const body of ['', {}, { tasktoken: '', taskid: null }]) {
      await expect(tasks.ask(call, body)).resolves.toEqual({
        errors: [{ code: 0, message: 'taskid or socketaccesstoken is required' }],
        result: false,
      });
    }
  });

  test('requires the project, not only the token', async ({ api, tasks }) => {
    const { token } = await tasks.run();
    const body = JSON.stringify({ tasktoken: token });
    const answer = await api.request(`/v1/Task/${call}`, { method: 'POST', body });
    expect(answer.status).toBe(401);
  });
});
