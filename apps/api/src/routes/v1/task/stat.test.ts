import { expect } from 'vitest';

import { testWithTasks as test } from './testing.ts';

test('the tasks of the caller’s project are counted by their state', async ({
  api,
  tenant,
  tasks,
}) => {
  await tasks.run();
  const { token } = await tasks.run();
  await tasks.run(await api.createTenant());
  await tasks.ask('Cancel', { tasktoken: token });
  const { body } = await api.call(tenant, '/v1/Task/Stat', {});
  expect(body).toEqual({
    stat: { running: '0', queued: '1', ended: '0', failed: '0', cancelled: '1' },
    errors: [],
    result: true,
  });
});
