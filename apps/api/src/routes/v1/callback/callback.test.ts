import { LOOPBACK, type Receive, startReceiver } from '@runfleet/callbacks/receivers';
import { openOutbound } from '@runfleet/outbound';
import type { CallbackAnswer, CallbackListAnswer, EndpointListAnswer } from '@runfleet/protocol';
import { eventually } from '@runfleet/testing';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';

import { startCallbacks } from '../../../callbacks/start-callbacks.ts';
import { RUN, type Tenant, testWithApi } from '../../../testing.ts';

/** An api that may call loopback and sends callbacks, and how its callers use it. */
const test = testWithApi.extend('callbacks', async ({ api }, { onCleanup }) => {
  api.ctx.settings.openNetworks = LOOPBACK;
  api.ctx.outbound = openOutbound({ openNetworks: LOOPBACK });
  const sender = startCallbacks(api.ctx, 8);
  onCleanup(() => sender[Symbol.asyncDispose]());
  const call = async (tenant: Tenant, name: string, body: object) =>
    (await api.call(tenant, `/v1/${name}`, body)).body;
  return {
    call,
    /** Runs a task with that address and cancels it; resolves to its id. */
    async end(tenant: Tenant, callbackUrl: string) {
      const { taskid } = (await api.call(tenant, RUN, { prompt: 'Hello', callbackUrl })).body;
      await call(tenant, 'Task/Cancel', { taskid });
      return String(taskid);
    },
    async list(tenant: Tenant, filter: object) {
      return (await call(tenant, 'Callback/List', filter)) as CallbackListAnswer;
    },
    /** The callback once it has that status. */
    until: (tenant: Tenant, id: string, status: string) =>
      eventually(async () => {
        const answer = (await call(tenant, 'Callback/Detail', { id })) as CallbackAnswer;
        expect(answer.callback.status).toBe(status);
        return answer;
      }),
  };
});

const REFUSED: Receive = (response) => void response.writeHead(410).end('No more');

test('a task that has ended is reported as Task/Detail answers it, signed', async ({
  callbacks,
  tenant,
}) => {
  const { secret } = await callbacks.call(tenant, 'Callback/SecretRotate', {});
  await using receiver = await startReceiver();
  const taskid = await callbacks.end(tenant, receiver.url);
  await eventually(() => expect(receiver.received).toHaveLength(1));
  const [{ headers, body } = { headers: {}, body: '' }] = receiver.received;
  const verified = new Webhook(String(secret)).verify(body, headers as Record<string, string>);
  const detail = await callbacks.call(tenant, 'Task/Detail', { taskid });
  expect(verified).toEqual(detail);
  expect(detail).toMatchObject({ tasklist: [{ id: taskid, callbackurl: receiver.url }] });

  const id = String((headers as Record<string, unknown>)['webhook-id']);
  await callbacks.until(tenant, id, 'delivered');
  const { total, callbacklist } = await callbacks.list(tenant, { taskid });
  expect(total).toBe('1');
  expect(callbacklist).toMatchObject([
    { id, taskid, event: 'task.cancelled', url: receiver.url, attempts: '1', nexttime: '0' },
  ]);
});

test('contents that are deleted before an attempt are not sent', async ({
  callbacks,
  api,
  tenant,
  db,
}) => {
  let isDown = true;
  await using receiver = await startReceiver((response) => {
    response.writeHead(isDown ? 500 : 200).end();
  });
  const taskid = await callbacks.end(tenant, receiver.url);
  await eventually(() => expect(receiver.received).toHaveLength(1));
  expect(receiver.received[0]?.body).toContain('Hello');
  await callbacks.call(tenant, 'Task/InputOutputDelete', { taskid });
  isDown = false;
  await db.sql`update callback_deliveries set due_at = now()`;
  const [deliveryId = ''] = receiver.ids();
  const { organisationId } = tenant;
  await api.ctx.callbackJobs.add([{ organisationId, deliveryId, attempt: 7 }]);
  await eventually(() => expect(receiver.received.length).toBeGreaterThan(1));
  expect(receiver.received.at(-1)?.body).not.toContain('Hello');
  expect(JSON.parse(receiver.received.at(-1)?.body ?? '')).toMatchObject({
    tasklist: [{ id: taskid, parameters: {} }],
  });
});

test('a test is logged as any callback, and a closed one is sent again under its id', async ({
  callbacks,
  tenant,
}) => {
  await using receiver = await startReceiver(REFUSED);
  const sent = (await callbacks.call(tenant, 'Callback/TestSend', {
    url: receiver.url,
  })) as CallbackAnswer;
  const { id } = sent.callback;
  expect(sent.callback).toMatchObject({ taskid: '', event: 'test' });
  const gone = await callbacks.until(tenant, id, 'gone');
  expect(gone.attemptlist).toMatchObject([
    { attempt: '1', httpstatus: '410', error: '', body: 'No more' },
  ]);
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toEqual({
    total: '0',
    errors: [],
    tasklist: [],
    result: true,
  });
  const again = (await callbacks.call(tenant, 'Callback/Redeliver', { id })) as CallbackAnswer;
  expect(again.callback.id).toBe(id);
  await eventually(() => expect(receiver.ids()).toEqual([id, id]));
  await callbacks.until(tenant, id, 'gone');
  expect((await callbacks.list(tenant, { status: 'delivered' })).total).toBe('0');
  expect((await callbacks.list(tenant, { status: 'gone' })).total).toBe('1');
});

test('an endpoint of the project is called for its events until it is deleted', async ({
  callbacks,
  api,
  tenant,
}) => {
  await using receiver = await startReceiver();
  const url = receiver.url;
  const events = ['task.cancelled'];
  const { endpointlist } = (await callbacks.call(tenant, 'Callback/EndpointCreate', {
    url,
    events,
  })) as EndpointListAnswer;
  expect(endpointlist).toMatchObject([{ url, events }]);
  const end = async () => {
    const { taskid } = (await api.call(tenant, RUN, { prompt: 'Hello' })).body;
    await callbacks.call(tenant, 'Task/Cancel', { taskid });
    return String(taskid);
  };
  const taskid = await end();
  await eventually(() => expect(receiver.received).toHaveLength(1));
  const [endpoint] = endpointlist;
  expect((await callbacks.list(tenant, { taskid })).callbacklist).toMatchObject([
    { endpointid: endpoint?.id, event: 'task.cancelled' },
  ]);
  expect(await callbacks.call(tenant, 'Callback/EndpointList', {})).toEqual({
    errors: [],
    endpointlist,
    result: true,
  });
  const left = await callbacks.call(tenant, 'Callback/EndpointDelete', { id: endpoint?.id });
  expect(left).toMatchObject({ endpointlist: [] });
  const later = await end();
  expect((await callbacks.list(tenant, { taskid: later })).total).toBe('0');
});

test('another project sees no callback and cannot send it', async ({ callbacks, api, tenant }) => {
  await using receiver = await startReceiver(REFUSED);
  const taskid = await callbacks.end(tenant, receiver.url);
  await eventually(() => expect(receiver.received).toHaveLength(1));
  const [id = ''] = receiver.ids();
  const other = await api.createTenant();
  expect((await callbacks.list(other, {})).callbacklist).toEqual([]);
  expect(await callbacks.call(other, 'Callback/List', { taskid })).toMatchObject({
    result: false,
    errors: [{ code: 1, message: 'task-not-exist' }],
  });
  for (const name of ['Callback/Detail', 'Callback/Redeliver']) {
    for (const wrong of [id, 'x', "'; --"]) {
      expect(await callbacks.call(other, name, { id: wrong })).toMatchObject({
        result: false,
        errors: [{ code: 1, message: 'There is no such callback in this project.' }],
      });
    }
  }
});

test.for([
  ['Callback/Detail', {}, 'Request parameter [id] required'],
  ['Callback/List', { status: 'x' }, '[status] must be open, delivered, failed, gone'],
  ['Callback/EndpointCreate', { url: 'http://10.1/' }, 'not on the public internet'],
  [
    'Callback/EndpointCreate',
    { url: 'https://a.org', events: ['x'] },
    '[events] must be a list of',
  ],
  ['Callback/EndpointDelete', { id: 'x' }, 'no such endpoint'],
  ['Callback/TestSend', {}, 'Request parameter [url] required'],
  ['Callback/TestSend', { url: 7 }, 'Request parameter [url] must be a URL'],
  ['Callback/TestSend', { url: 'http://10.0.0.1/' }, 'not on the public internet'],
  ['Callback/TestSend', { url: 'http://2852039166/' }, 'not on the public internet'],
  [
    'Callback/SecretRotate',
    { overlapseconds: -1 },
    '[overlapseconds] must be between 0 and 2592000',
  ],
  ['Run/microsoft/Phi-3.5-mini-instruct', { prompt: 'a', callbackUrl: ['x'] }, 'must be a URL'],
  ['Run/microsoft/Phi-3.5-mini-instruct', { prompt: 'a', callbackUrl: 'x' }, 'is not a URL'],
] as const)('%s with %j is refused', async ([name, body, message], { callbacks, tenant }) => {
  expect(await callbacks.call(tenant, name, body)).toMatchObject({
    result: false,
    errors: [{ message: expect.stringContaining(message) as string }],
  });
});

test('a project has few tests that are open', async ({ callbacks, tenant }) => {
  await using receiver = await startReceiver(() => {});
  const answers = await Promise.all(
    Array.from({ length: 12 }, () =>
      callbacks.call(tenant, 'Callback/TestSend', { url: receiver.url }),
    ),
  );
  expect(answers.filter(({ result }) => result === true)).toHaveLength(10);
});

test('a repeat of an idempotent Run with another address is another request', async ({
  api,
  callbacks,
  tenant,
}) => {
  expect(callbacks).toBeDefined();
  const run = async (callbackUrl: string) =>
    (await api.call(tenant, RUN, { prompt: 'a', callbackUrl }, { 'idempotency-key': 'one' })).body;
  const first = await run('https://example.org/1');
  expect(await run('https://example.org/1')).toEqual(first);
  expect(await run('https://example.org/2')).toMatchObject({ errors: [{ code: 95 }] });
});
