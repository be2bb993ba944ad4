import { eventually, startOwnRedis, testWithRedis as test } from '@runfleet/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { describe, expect } from 'vitest';

import { openTicketTransport } from './open-ticket-transport.ts';
import type { Ticket, TicketTransport } from './ticket-transport.ts';

function receiving(transport: TicketTransport, workerId: string, count: number) {
  const tickets: Ticket[] = [];
  let done = () => {};
  const all = new Promise<void>((resolve) => (done = resolve));
  const receiver = transport.receive(workerId, async (ticket) => {
    tickets.push(ticket);
    if (tickets.length === count) done();
  });
  return { tickets, all, receiver };
}

describe.each(['lists', 'bullmq'] as const)('over %s', (kind) => {
  test('a worker gets only its own tickets', async ({ redisUrl }) => {
    await using transport = openTicketTransport({ url: redisUrl, kind });
    const one = receiving(transport, 'one', 2);
    const two = receiving(transport, 'two', 1);
    await transport.send('one', [
      { taskId: '1', epoch: 1 },
      { taskId: '2', epoch: 1 },
    ]);
    await transport.send('two', [{ taskId: '3', epoch: 4 }]);
    await Promise.all([one.all, two.all]);
    expect(one.tickets.map(({ taskId }) => taskId).toSorted()).toEqual(['1', '2']);
    expect(two.tickets).toEqual([{ taskId: '3', epoch: 4 }]);
    await Promise.all([one, two].map(({ receiver }) => receiver[Symbol.asyncDispose]()));
  });

  test('waiting tickets reach a worker when it starts to receive', async ({ redisUrl }) => {
    await using transport = openTicketTransport({ url: redisUrl, kind });
    await transport.send('late', [{ taskId: '1', epoch: 1 }]);
    const late = receiving(transport, 'late', 1);
    await late.all;
    await late.receiver[Symbol.asyncDispose]();
  });

  test('tickets flow again after Redis was killed and restarted empty', async () => {
    await using redis = await startOwnRedis();
    await using transport = openTicketTransport({ url: redis.url, kind });
    const worker = receiving(transport, 'w', 1);
    await redis.restart({ empty: true });
    await eventually(() => transport.send('w', [{ taskId: '1', epoch: 1 }]));
    await worker.all;
    expect(worker.tickets).toContainEqual({ taskId: '1', epoch: 1 });
    await worker.receiver[Symbol.asyncDispose]();
  });

  test('tickets flow again after connections died silently', async ({ redisUrl }) => {
    await using proxy = await LossyProxy.start(redisUrl);
    await using transport = openTicketTransport({ url: proxy.through(redisUrl), kind });
    const first = [{ taskId: '1', epoch: 1 }];
    const second = [{ taskId: '2', epoch: 1 }];
    const worker = receiving(transport, 'w', 2);
    await transport.send('w', first);
    await eventually(() => expect(worker.tickets).toEqual(first));
    proxy.lose();
    await eventually(() => transport.send('w', second));
    await worker.all;
    expect(worker.tickets).toContainEqual(second[0]);
    await worker.receiver[Symbol.asyncDispose]();
  });

  test('a discarded worker leaves no tickets behind', async ({ redisUrl }) => {
    await using transport = openTicketTransport({ url: redisUrl, kind });
    await transport.send('gone', [{ taskId: '1', epoch: 1 }]);
    await transport.discard('gone');
    await transport.send('gone', [{ taskId: '2', epoch: 1 }]);
    const after = receiving(transport, 'gone', 1);
    await after.all;
    expect(after.tickets).toEqual([{ taskId: '2', epoch: 1 }]);
    await after.receiver[Symbol.asyncDispose]();
  });
});
