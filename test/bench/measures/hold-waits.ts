/**
 * Holds many open requests, first in a bare HTTP server and then in an api, and prints the memory of each.
 * Their clients are another process.
 */
import { spawn } from 'node:child_process';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { apiConfig, startApi } from '@runfleet/api';
import { createLogger } from '@runfleet/service';

import type { OwnStatistics } from '../bench-statistics.ts';

const CLIENTS = fileURLToPath(new URL('open-requests.ts', import.meta.url));
const WARM_UP_REQUESTS = 100;
const POLL_MS = 20;

const requests = Number(process.argv[2]);
const statistics: OwnStatistics = {
  bareWaitBytes: await measureBareServer(),
  waitBytes: await measureApi(),
};
process.stdout.write(`${JSON.stringify(statistics)}\n`);
process.exit();

async function measureBareServer(): Promise<number> {
  const held = new Set<ServerResponse>();
  const server = createServer((request, response) => {
    request.resume().on('end', () => held.add(response));
    response.on('close', () => held.delete(response));
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return bytesEach(port, () => Promise.resolve(held.size));
}

async function measureApi(): Promise<number> {
  const logger = createLogger({ role: 'api', level: 'silent' });
  const config = apiConfig.parse({
    ...process.env,
    API_PORT: '0',
    API_CONNECTIONS_PER_ADDRESS: '100000',
  });
  const api = await startApi(config, { logger });
  return bytesEach(Number(new URL(api.url).port), async () => {
    const metrics = await (await fetch(`${api.url}/metrics`)).text();
    return Number(/^runfleet_api_open_waits\S* (\d+)$/m.exec(metrics)?.[1]);
  });
}

async function bytesEach(port: number, countOpen: () => Promise<number>): Promise<number> {
  // The first requests load code and fill pools.
  await withRequests(port, { count: WARM_UP_REQUESTS, countOpen }, usedBytes);
  const before = await usedBytes();
  const during = await withRequests(port, { count: requests, countOpen }, usedBytes);
  return (during - before) / requests;
}

/** Opens requests, measures, and closes them. */
async function withRequests(
  port: number,
  { count, countOpen }: { count: number; countOpen: () => Promise<number> },
  measure: () => Promise<number>,
): Promise<number> {
  const args = ['--import', 'tsx', CLIENTS, String(count), String(port)];
  const clients = spawn(process.execPath, args, { stdio: ['pipe', 'ignore', 'inherit'] });
  while ((await countOpen()) < count) await delay(POLL_MS);
  const measured = await measure();
  clients.kill('SIGKILL');
  while ((await countOpen()) > 0) await delay(POLL_MS);
  return measured;
}

async function usedBytes(): Promise<number> {
  // What the last requests have started ends first.
  await delay(500);
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
