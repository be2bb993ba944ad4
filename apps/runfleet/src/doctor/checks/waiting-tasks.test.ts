import { createTask, drainWorker } from '@runfleet/tasks';
import { aTask, aWorker, testWithTasks as test } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { examine } from '../testing.ts';
import { checkWaitingTasks } from './waiting-tasks.ts';

test('queued tasks without a worker that takes them are a problem, with its repair', async ({
  databaseUrl,
  store,
  tenant,
}) => {
  const look = () => examine(checkWaitingTasks, { databaseUrl });
  expect(await look()).toMatchObject({ status: 'ok' });

  await createTask({ store }, aTask(tenant));
  expect(await look()).toMatchObject({
    status: 'problem',
    found: 'tasks wait, and no worker serves them: phi-3-5-mini-instruct',
  });

  const { workerId } = await aWorker(store, 1);
  expect(await look()).toMatchObject({ status: 'ok' });

  await drainWorker({ store }, { id: workerId });
  expect(await look()).toMatchObject({
    status: 'problem',
    found: 'tasks wait, and the only workers are drained: phi-3-5-mini-instruct',
    next: expect.stringContaining('Restart the process'),
  });
});
