import { expect } from 'vitest';

import { testWithTasks as test } from './testing.ts';

test('the contents of an ended task are deleted, and the call can be repeated', async ({
  tasks,
}) => {
  const { id, token } = await tasks.run();
  await expect(tasks.ask('InputOutputDelete', { tasktoken: token })).resolves.toEqual({
    errors: [{ code: 1, message: 'Task is not in a terminal state.' }],
    result: false,
  });
  await tasks.ask('Cancel', { tasktoken: token });
  const deleted = { tasklist: [{ id, status: 'task_cancel', parameters: {}, outputs: [] }] };
  for (const reference of [{ tasktoken: token }, { socketaccesstoken: token }, { taskid: id }]) {
    await expect(tasks.ask('InputOutputDelete', reference)).resolves.toMatchObject(deleted);
    await expect(tasks.ask('Detail', reference)).resolves.toMatchObject(deleted);
  }
});
