import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { openTicketTransport, type TicketTransportKind } from '@runfleet/queue';

import { openLoop } from '../load/open-loop.ts';
import { latencyOf } from '../load/statistics.ts';
import type { Servers } from '../systems/servers.ts';

const HOST_SCRIPT = fileURLToPath(new URL('ticket-host.ts', import.meta.url));
const HOSTS = 200;
/** Hosts that get tickets, a process each; the rest waits for some in one process. */
const BUSY_HOSTS = 10;
const TICKETS_PER_SECOND = 500;
const REDIS_INDEX = 5;

/** From `send` to the handler in another process, of tickets at a fixed rate to hosts in turns. */
export async function measureTicketHop(
  servers: Servers,
  kind: TicketTransportKind,
  seconds: number,
): Promise<{ p50: number; p99: number }> {
  await servers.settle(REDIS_INDEX);
  const url = servers.redisUrl(REDIS_INDEX);
  const busy = Array.from({ length: BUSY_HOSTS }, () => randomUUID());
  const idle = Array.from({ length: HOSTS - BUSY_HOSTS }, () => randomUUID());
  const processes = [...busy, idle.join(',')].map((workerIds) =>
    fork(HOST_SCRIPT, [kind, url, workerIds], { execArgv: ['--import', 'tsx'] }),
  );
  try {
    await Promise.all(processes.map((host) => once(host, 'message')));
    await delay(500);
    await using transport = openTicketTransport({ url, kind });
    let sent = 0;
    const send = () => {
      const workerId = busy[sent++ % busy.length] ?? '';
      return transport.send(workerId, [{ taskId: String(process.hrtime.bigint()), epoch: 1 }]);
    };
    await openLoop({ perSecond: TICKETS_PER_SECOND, seconds: 1 }, send);
    const warmUps = sent;
    await openLoop({ perSecond: TICKETS_PER_SECOND, seconds }, send);
    await delay(500);
    const hopsMs = (await Promise.all(processes.map(hopsOf))).flat();
    if (hopsMs.length < sent)
      throw new Error(`${sent - hopsMs.length} tickets of ${sent} were lost.`);
    return latencyOf(hopsMs.slice(warmUps));
  } finally {
    for (const host of processes) host.kill();
  }
}

async function hopsOf(host: ChildProcess): Promise<number[]> {
  const answer = once(host, 'message') as Promise<[{ hopsMs: number[] }]>;
  host.send('stop');
  return (await answer)[0].hopsMs;
}
