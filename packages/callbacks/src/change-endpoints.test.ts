import { cancelTask, createTask } from '@runfleet/tasks';
import { aTask, createTenant } from '@runfleet/tasks/testing';
import { expect } from 'vitest';

import { attemptDelivery } from './attempt-delivery.ts';
import { addEndpoint, deleteEndpoint, listEndpoints } from './change-endpoints.ts';
import { startReceiver } from './testing-receivers.ts';
import { testWithCallbacks } from './testing.ts';

const test = testWithCallbacks.extend('end', ({ ctx, db }) => {
  /** Cancels a new task of the tenant; resolves to the addresses of its deliveries. */
  return async (tenant: Parameters<typeof aTask>[0], callbackUrl: string | null = null) => {
    const { id } = await createTask(ctx, aTask(tenant, { callbackUrl }));
    await cancelTask(ctx, { organisationId: tenant.organisationId, reference: { id } });
    const rows = await db.sql<{ url: string }[]>`
      select url from callback_deliveries where task_id = ${id} order by url`;
    return rows.map(({ url }) => url);
  };
});

const A = new URL('https://a.example.org/');
const B = new URL('https://b.example.org/hook');

test('an endpoint gets the events that it names, of its project alone, beside the address of a Run', async ({
  attempting,
  db,
  end,
  tenant,
}) => {
  const { projectId } = tenant;
  const add = (url: URL, events: Parameters<typeof addEndpoint>[1]['events']) =>
    addEndpoint(attempting, { projectId, url, events });
  expect(await end(tenant)).toEqual([]);
  await add(A, ['task.completed', 'task.failed']);
  expect(await end(tenant)).toEqual([]);
  const { id } = await add(B, ['task.cancelled']);
  expect(await end(tenant)).toEqual([B.href]);
  expect(await end(tenant, 'https://run.example.org/')).toEqual([
    B.href,
    'https://run.example.org/',
  ]);
  expect(await end(await createTenant(db))).toEqual([]);

  await deleteEndpoint(attempting, { projectId, id });
  expect(await end(tenant)).toEqual([]);
  expect(await listEndpoints(attempting, { projectId })).toMatchObject([{ url: A.href }]);
});

test('the callbacks of an endpoint that is deleted end, and those of a Run go on', async ({
  attempting,
  db,
  end,
  tenant,
}) => {
  await using receiver = await startReceiver();
  const { projectId } = tenant;
  const url = new URL(receiver.url);
  const { id } = await addEndpoint(attempting, { projectId, url, events: ['task.cancelled'] });
  await end(tenant, receiver.url);
  const rows = await db.sql<{ id: string; endpoint: string | null }[]>`
    select id, endpoint_id as endpoint from callback_deliveries order by endpoint_id nulls first`;
  expect(rows.map(({ endpoint }) => endpoint)).toEqual([null, id]);
  await deleteEndpoint(attempting, { projectId, id });
  const [ofRun, ofEndpoint] = rows;
  expect(await attemptDelivery(attempting, ofEndpoint?.id ?? '')).toBeNull();
  expect(await attemptDelivery(attempting, ofRun?.id ?? '')).toMatchObject({ result: 'delivered' });
  expect(receiver.ids()).toEqual([ofRun?.id]);
});

test('a project has few endpoints, and deletes none of another', async ({
  attempting,
  db,
  tenant,
}) => {
  const { projectId } = tenant;
  const add = () => addEndpoint(attempting, { projectId, url: A, events: ['task.failed'] });
  const added = await Promise.allSettled(Array.from({ length: 12 }, add));
  expect(added.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  const [first] = await listEndpoints(attempting, { projectId });
  const other = await createTenant(db);
  for (const id of [first?.id ?? '', 'x']) {
    await expect(
      deleteEndpoint(attempting, { projectId: other.projectId, id }),
    ).rejects.toMatchObject({ kind: 'callback_not_found' });
  }
  expect(await listEndpoints(attempting, { projectId })).toHaveLength(10);
});
