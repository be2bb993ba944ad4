import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { openTicketTransport, type TicketTransportKind } from '@runfleet/queue';

import { openLoop } from '../load/open-loop.ts';
import { latencyOf } from '../load/statistics.ts';
import type { Servers } from '../systems/servers.ts';
import type { Hop } from './ticket-host.ts';

const HOST_SCRIPT = fileURLToPath(new URL('ticket-host.ts', import.meta.url));
const REDIS_INDEX = 5;
const SETTLE_MS = 500;

type Hops = {
  kind: TicketTransportKind;
  hosts: number;
  /** Hosts that get tickets, each its own process. The others share one process and get none. */
  busyHosts: number;
  perSecond: number;
  seconds: number;
};

/** Latency from `send` to the handler in another process, at a fixed rate, to busy hosts in turn. */
export async function measureTicketHop(
  servers: Servers,
  { kind, hosts, busyHosts, perSecond, seconds }: Hops,
): Promise<{ p50: number; p99: number }> {
  await servers.settle(REDIS_INDEX);
  const url = servers.redisUrl(REDIS_INDEX);
  const busy = Array.from({ length: busyHosts }, () => randomUUID());
  const idle = Array.from({ length: hosts - busyHosts }, () => randomUUID());
  const processes = [...busy, ...(idle.length > 0 ? [idle.join(',')] : [])].map((workerIds) =>
    fork(HOST_SCRIPT, [kind, url, workerIds], { execArgv: ['--import', 'tsx'] }),
  );
  try {
    await Promise.all(processes.map((host) => once(host, 'message')));
    await delay(SETTLE_MS);
    await using transport = openTicketTransport({ url, kind });
    let sent = 0;
    const send = () => {
      const workerId = busy[sent++ % busy.length] ?? '';
      return transport.send(workerId, [{ taskId: String(process.hrtime.bigint()), epoch: 1 }]);
    };
    await openLoop({ perSecond, seconds: seconds / 4 }, send);
    const measuredFromMs = Number(process.hrtime.bigint()) / 1e6;
    await openLoop({ perSecond, seconds }, send);
    await delay(SETTLE_MS);
    const hops = (await Promise.all(processes.map(hopsOf))).flat();
    if (hops.length < sent) throw new Error(`${sent - hops.length} tickets of ${sent} were lost.`);
    const measured = hops.filter(({ sentAtMs }) => sentAtMs >= measuredFromMs);
    return latencyOf(measured.map(({ tookMs }) => tookMs));
  } finally {
    for (const host of processes) host.kill();
  }
}

async function hopsOf(host: ChildProcess): Promise<Hop[]> {
  const answer = once(host, 'message') as Promise<[Hop[]]>;
  host.send('stop');
  return (await answer)[0];
}
