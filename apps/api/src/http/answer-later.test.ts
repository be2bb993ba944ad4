import type { AddressInfo } from 'node:net';

import { cancelTask } from '@runfleet/tasks';
import { eventually } from '@runfleet/testing';
import { expect } from 'vitest';

import type { ApiContext } from '../api-context.ts';
import { RUN, type Tenant, testWithApi } from '../testing.ts';
import { CallRates } from './call-rates.ts';
import { createApiServer, serveRequests } from './serve-requests.ts';

const test = testWithApi.extend('url', async ({ api }, { onCleanup }) => {
  const server = createApiServer();
  serveRequests(server, api.app, {
    connectionsMax: 10,
    connectionsPerAddress: 0,
    unreadBytes: 1_000_000,
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  onCleanup(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

const post = (url: string, { apiKey, apiSecret }: Tenant, body: object, headers = {}) =>
  fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${apiKey}:${apiSecret}`, ...headers },
    body: JSON.stringify(body),
  });

test('an answer that is sent later is the one that is sent at once, and counts its bytes', async ({
  api,
  url,
  tenant,
}) => {
  // Bursts of 6 calls.
  api.ctx.rates = new CallRates({ address: 3, project: 3 }, () => 0);
  const waiting = post(`${url}${RUN}/sync`, tenant, { prompt: 'x'.repeat(900) });
  const taskid = await cancelOnly(api.ctx, tenant);
  const later = await waiting;
  const atOnce = await post(`${url}/v1/Task/Detail`, tenant, { taskid });
  const headersOf = ({ headers }: Response) =>
    Object.fromEntries([...headers].filter(([name]) => !['date', 'x-request-id'].includes(name)));
  expect(later.status).toBe(200);
  expect(headersOf(later)).toEqual(headersOf(atOnce));
  expect(later.headers.get('x-request-id')).toMatch(/^[\w-]{36}$/);
  expect(await later.text()).toBe(await atOnce.text());
  // Two calls and two answers of more than two KB each.
  expect((await post(`${url}/v1/Task/Stat`, tenant, {})).status).toBe(429);
  expect(api.ctx.waits.count).toBe(0);
});

test('a page of another origin gets its answer with the headers for it', async ({
  api,
  url,
  tenant,
}) => {
  const origin = { origin: 'https://elsewhere.example' };
  const waiting = post(`${url}${RUN}/sync`, tenant, { prompt: 'Hello' }, origin);
  await cancelOnly(api.ctx, tenant);
  expect((await waiting).headers.get('access-control-allow-origin')).toBe('*');
});

/** Cancels the only task once it is there; returns its id. */
async function cancelOnly(ctx: ApiContext, { organisationId }: Tenant): Promise<string> {
  const id = await eventually(async () => {
    const [task] = await ctx.db.sql<{ id: string }[]>`select id from tasks`;
    return task?.id ?? expect.fail('There is no task yet.');
  });
  await cancelTask(ctx, { organisationId, reference: { id } });
  return id;
}
