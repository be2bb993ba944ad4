import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';

import { openOutbound } from '@runfleet/outbound';
import { CERTIFICATE, KEY } from '@runfleet/outbound/testing';
import {
  acceptTask,
  assignTasks,
  createTask,
  failure,
  finishTask,
  killTask,
  startTask,
} from '@runfleet/tasks';
import { aTask, aWorker } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { Webhook } from 'standardwebhooks';
import { expect } from 'vitest';

import { attemptDelivery } from './attempt-delivery.ts';
import { rotateCallbackSecret } from './callback-secret.ts';
import { claimDelivery, LEASE_SECONDS, TARGET_ATTEMPTS_MAX } from './claim-delivery.ts';
import { listLostJobs } from './list-lost-jobs.ts';
import { redeliver } from './order-delivery.ts';
import { readDelivery } from './read-deliveries.ts';
import { BODY, deliveriesOf, startReceiver } from './testing-receivers.ts';
import { testWithCallbacks as test } from './testing.ts';

const SECOND = 1_000_000n;
const HOUR = 3_600n * SECOND;

test('a delivery is signed with the secret of its project, and with the old one during a rotation', async ({
  attempting,
  deliver,
  tenant,
  now,
}) => {
  await using receiver = await startReceiver();
  const verify = (secret: string) => {
    const { headers, body } = receiver.received.at(-1) ?? { headers: {}, body: '' };
    return new Webhook(secret).verify(body, headers as Record<string, string>);
  };
  const send = async () => {
    const [id = ''] = await deliver(receiver.url);
    expect(await attemptDelivery(attempting, id)).toMatchObject({ result: 'delivered' });
    expect(receiver.received.at(-1)?.headers).toMatchObject({
      'webhook-id': id,
      'content-type': 'application/json; charset=utf-8',
    });
  };
  await send();
  expect(receiver.received.at(-1)?.headers).not.toHaveProperty('webhook-signature');

  const first = await rotateCallbackSecret(attempting, { ...tenant, overlapSeconds: 0 });
  await send();
  expect(verify(first)).toEqual(JSON.parse(BODY));

  const second = await rotateCallbackSecret(attempting, { ...tenant, overlapSeconds: 3_600 });
  await send();
  expect(verify(first)).toEqual(JSON.parse(BODY));
  expect(verify(second)).toEqual(JSON.parse(BODY));

  now.at += 2n * HOUR;
  const [id = ''] = await deliver(receiver.url);
  now.at += 2n * HOUR;
  await attemptDelivery(attempting, id);
  expect(String(receiver.received.at(-1)?.headers['webhook-signature']).split(' ')).toHaveLength(1);
});

test.for([
  ['task.completed', 'succeeded'],
  ['task.failed', 'failed'],
  ['task.failed', 'rejected'],
  ['task.failed', 'expired'],
  ['task.cancelled', 'killed'],
] as const)(
  'the commit that ends a task makes one delivery of %s when it %s',
  async ([event, end], { ctx, db, store, tenant }) => {
    const url = 'https://example.org/hook?a=1';
    const { id } = await createTask(ctx, aTask(tenant, { callbackUrl: url }));
    const plain = await createTask(ctx, aTask(tenant));
    expect(await deliveriesOf(db)).toHaveLength(0);
    for (const taskId of [id, plain.id]) {
      const worker = await aWorker(store);
      const { assigned } = await assignTasks(ctx, [{ taskId, ...worker }]);
      const [ticket] = assigned;
      if (!ticket) throw new Error('The task was not assigned.');
      await acceptTask(ctx, ticket);
      await startTask(ctx, ticket);
      if (end === 'killed') await killTask(ctx, { ...tenant, reference: { id: taskId } });
      else {
        const result = failure(end, end === 'succeeded' ? '' : 'No.');
        await finishTask(ctx, ticket, { result });
        await finishTask(ctx, ticket, { result });
      }
    }
    expect(await deliveriesOf(db, id)).toMatchObject([{ event, state: 'open', attempts: 0 }]);
    expect(await deliveriesOf(db)).toHaveLength(1);
    const [row] = await db.sql`select target, url from callback_deliveries`;
    expect(row).toEqual({ target: `${tenant.organisationId} https://example.org`, url });
  },
);

test('a receiver that is dead for a day is tried on schedule, and then no more until a redelivery', async ({
  attempting,
  db,
  deliver,
  tenant,
  now,
}) => {
  let isDead = true;
  await using receiver = await startReceiver((response) => {
    response.writeHead(isDead ? 503 : 204).end();
  });
  const [id = ''] = await deliver(receiver.url);
  const start = now.at;
  const pauses: number[] = [];
  for (;;) {
    const end = await attemptDelivery(attempting, id);
    if (!end?.retry) {
      expect(end?.result).toBe('failed');
      break;
    }
    // Nothing is sent before it is due.
    expect(await attemptDelivery(attempting, id)).toBeNull();
    pauses.push(end.retry.afterMs / 1_000);
    now.at += BigInt(end.retry.afterMs) * 1_000n;
  }
  expect(pauses).toEqual([5, 30, 120, 600, 3_600, 10_800, 21_600, 43_200]);
  expect(now.at - start).toBeLessThan(24n * HOUR);
  expect(await deliveriesOf(db)).toMatchObject([{ state: 'failed', attempts: 9 }]);
  expect(await attemptDelivery(attempting, id)).toBeNull();

  isDead = false;
  const { projectId } = tenant;
  await redeliver(attempting, { projectId, id });
  await expect(redeliver(attempting, { projectId, id })).rejects.toThrow('not closed');
  expect(await attemptDelivery(attempting, id)).toMatchObject({ result: 'delivered' });
  expect(new Set(receiver.ids())).toEqual(new Set([id]));
  const { attempts } = await readDelivery({ db }, { projectId, id });
  expect(attempts.map(({ status }) => status)).toEqual([...Array<number>(9).fill(503), 204]);
});

test.for([
  ['a 204', 'delivered', 204, ''],
  ['a 410', 'gone', 410, ''],
  ['a redirect', 'retried', 302, ''],
  ['a 404 with a text', 'retried', 404, 'No such hook'],
  ['50 MB', 'delivered', 200, 'x'.repeat(2_048)],
  ['a drip', 'delivered', 200, ''],
  ['silence', 'retried', null, ''],
] as const)(
  '%s makes the delivery %s',
  async ([what, result, status, body], { attempting, deliver, tenant }) => {
    let sent = 0;
    await using receiver = await startReceiver((response) => {
      if (what === 'silence') return;
      response.writeHead(status ?? 0, {
        'content-type': 'text/plain',
        location: 'http://127.0.0.1/',
      });
      if (what === 'a drip') {
        const timer = setInterval(() => response.write('.'), 50);
        response.on('close', () => clearInterval(timer));
      } else if (what === '50 MB') {
        const more = () => {
          while (sent < 50_000_000 && !response.destroyed) {
            sent += 65_536;
            if (!response.write('x'.repeat(65_536))) return;
          }
        };
        response.on('drain', more);
        more();
      } else response.end(body);
    });
    const [id = ''] = await deliver(receiver.url);
    const limits = { ...attempting.limits, headMs: 300, totalMs: 400 };
    expect(await attemptDelivery({ ...attempting, limits }, id)).toMatchObject({ result });
    const log = await readDelivery(attempting, { projectId: tenant.projectId, id });
    expect(log.attempts).toMatchObject([{ attempt: 1, status, body }]);
    expect(log.attempts[0]?.contentType).toBe(status === null ? null : 'text/plain');
    expect(sent).toBeLessThan(20_000_000);
    expect(receiver.received).toHaveLength(1);
  },
);

test('a receiver whose certificate is not trusted gets nothing', async ({
  attempting,
  deliver,
  tenant,
}) => {
  let requests = 0;
  const server = createServer({ key: KEY, cert: CERTIFICATE }, (_request, response) => {
    requests += 1;
    response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const [id = ''] = await deliver(`https://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  expect(await attemptDelivery(attempting, id)).toMatchObject({ result: 'retried' });
  const { attempts } = await readDelivery(attempting, { projectId: tenant.projectId, id });
  expect(attempts[0]?.error).toMatch(/certificate is not trusted/);
  expect(requests).toBe(0);
  server.close();
});

test('an address that is private at the attempt gets nothing', async ({ attempting, deliver }) => {
  await using receiver = await startReceiver();
  const [id = ''] = await deliver(receiver.url);
  const outbound = openOutbound({ openNetworks: null });
  expect(await attemptDelivery({ ...attempting, outbound }, id)).toMatchObject({
    result: 'retried',
  });
  expect(receiver.received).toEqual([]);
});

test('an attempt whose process died is made again, under the same id', async ({
  attempting,
  deliver,
  now,
}) => {
  await using receiver = await startReceiver();
  const [id = ''] = await deliver(receiver.url);
  // Between the send and the mark.
  await attemptDelivery(
    { ...attempting, db: { ...attempting.db, sql: dyingAtBegin(attempting.db.sql) } },
    id,
  ).catch(() => {});
  expect(receiver.ids()).toEqual([id]);
  expect(await attemptDelivery(attempting, id)).toBeNull();
  now.at += 10n * SECOND;
  expect(await listLostJobs(attempting)).toEqual([]);
  now.at += BigInt(LEASE_SECONDS) * SECOND;
  expect(await listLostJobs(attempting)).toMatchObject([{ deliveryId: id, attempt: 1 }]);
  expect(await attemptDelivery(attempting, id)).toMatchObject({ result: 'delivered' });
  expect(receiver.ids()).toEqual([id, id]);
  now.at += 100n * SECOND;
  expect(await listLostJobs(attempting)).toEqual([]);
});

test('a delivery whose process died before there was a job is found', async ({
  attempting,
  deliver,
  now,
}) => {
  const [id] = await deliver('http://127.0.0.1:9/');
  now.at += 10n * SECOND;
  expect(await listLostJobs(attempting)).toMatchObject([{ deliveryId: id, attempt: 0 }]);
});

test('a process that stops gives its attempt back', async ({ attempting, deliver }) => {
  await using receiver = await startReceiver(() => {});
  const [id = ''] = await deliver(receiver.url);
  const stop = new AbortController();
  const attempt = attemptDelivery({ ...attempting, signal: stop.signal }, id);
  await eventually(() => expect(receiver.received).toHaveLength(1));
  stop.abort(new Error('enough'));
  await expect(attempt).rejects.toThrow('enough');
  expect(await claimDelivery(attempting, id)).toMatchObject({ id, attempt: 2, failures: 0 });
});

test('a target that answers has few attempts in flight, and each end starts the next one', async ({
  attempting,
  deliver,
}) => {
  const open: (() => void)[] = [];
  await using slow = await startReceiver((response, nth) => {
    if (nth === 1) response.end();
    else open.push(() => response.end());
  });
  await using quick = await startReceiver();
  const [first = '', ...ids] = await deliver(slow.url, 11);
  const [other = ''] = await deliver(quick.url);
  expect(await attemptDelivery(attempting, first)).toMatchObject({ result: 'delivered' });
  // Each id twice, as if two processes got the same jobs.
  let refused = 0;
  const attempts = [...ids, ...ids].map(async (id) => {
    const end = await attemptDelivery(attempting, id);
    if (end === null) refused += 1;
    return end ?? never();
  });
  await eventually(() => {
    expect(open).toHaveLength(TARGET_ATTEMPTS_MAX);
    expect(refused).toBe(attempts.length - TARGET_ATTEMPTS_MAX);
  });
  expect(await attemptDelivery(attempting, other)).toMatchObject({ result: 'delivered' });
  open.shift()?.();
  expect((await Promise.race(attempts)).next.length).toBeGreaterThan(0);
  expect(slow.received).toHaveLength(1 + TARGET_ATTEMPTS_MAX);
  for (const end of open) end();
});

test('a target that does not answer is tried with one delivery at a time, after pauses', async ({
  attempting,
  deliver,
  now,
}) => {
  let isDead = true;
  await using receiver = await startReceiver((response) => {
    if (!isDead) response.end();
  });
  const ids = await deliver(receiver.url, 5);
  const limits = { ...attempting.limits, headMs: 100 };
  const tryAll = async () => {
    const ends = await Promise.all(ids.map((id) => attemptDelivery({ ...attempting, limits }, id)));
    return ends.filter((end) => end !== null);
  };
  expect(await tryAll()).toHaveLength(1);
  expect(await tryAll()).toHaveLength(0);
  expect(await listLostJobs(attempting)).toEqual([]);
  now.at += 6n * SECOND;
  expect(await listLostJobs(attempting)).not.toEqual([]);
  expect(await tryAll()).toHaveLength(1);
  now.at += 6n * SECOND;
  expect(await tryAll()).toHaveLength(0);
  isDead = false;
  now.at += 10n * SECOND;
  const [probe] = await tryAll();
  expect(probe).toMatchObject({ result: 'delivered' });
  expect(probe?.next.length).toBeGreaterThan(0);
  now.at += 60n * SECOND;
  for (let round = 0; round < 3; round += 1) await tryAll();
  expect(new Set(receiver.ids()).size).toBe(5);
});

test('the pauses of a target that does not answer hold back no retry', async ({
  attempting,
  deliver,
  now,
}) => {
  const [id = ''] = await deliver('http://127.0.0.1:9/');
  let attempts = 0;
  for (;;) {
    const end = await attemptDelivery({ ...attempting, random: () => 0 }, id);
    expect(end).not.toBeNull();
    attempts += 1;
    if (!end?.retry) break;
    now.at += BigInt(end.retry.afterMs) * 1_000n;
  }
  expect(attempts).toBe(9);
});

function never(): Promise<never> {
  return new Promise(() => {});
}

/** A database whose transactions fail, as if the process had died before them. */
function dyingAtBegin<Sql extends object>(sql: Sql): Sql {
  return new Proxy(sql, {
    get: (target, name) =>
      name === 'begin'
        ? () => Promise.reject(new Error('killed'))
        : (Reflect.get(target, name) as unknown),
  });
}
