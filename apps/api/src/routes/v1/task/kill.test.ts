import { describe, expect } from 'vitest';

import { testWithTasks as test } from './testing.ts';

describe('ending a task', () => {
  test.for(['Cancel', 'Kill'])(
    '%s in the queue is final and returns the hold',
    async (call, { tasks, db }) => {
      const { token } = await tasks.run();
      await expect(tasks.ask(call, { tasktoken: token })).resolves.toMatchObject({
        tasklist: [
          {
            status: 'task_cancel',
            canceltime: expect.stringMatching(/^\d{10}$/),
            totalcost: '0.000000000000',
          },
        ],
      });
      const [account] = await db.sql`select balance, held, active_tasks from accounts`;
      expect(account).toEqual({
        balance: '1000.000000000000',
        held: '0.000000000000',
        active_tasks: 0,
      });
      await expect(tasks.ask(call, { tasktoken: token })).resolves.toEqual({
        errors: [{ code: 1, message: 'Task is not in a cancellable state.' }],
        result: false,
      });
    },
  );

  test('a running task can be killed but not cancelled', async ({ tasks, db }) => {
    const { token } = await tasks.run();
    await db.sql`update tasks set status = 'task_start', queued_in = null, epoch = 1`;
    await expect(tasks.ask('Cancel', { tasktoken: token })).resolves.toMatchObject({
      errors: [{ code: 1, message: 'Task is not in a cancellable state.' }],
    });
    await expect(tasks.ask('Kill', { tasktoken: token })).resolves.toMatchObject({
      tasklist: [{ status: 'task_cancel' }],
    });
  });
});
