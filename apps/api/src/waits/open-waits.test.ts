import { spawn } from 'node:child_process';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { createLogger } from '@runfleet/service';
import { eventually } from '@runfleet/testing';
import { expect, vi } from 'vitest';

import { apiConfig } from '../api-config.ts';
import { startApi } from '../start-api.ts';
import { RUN, testWithApi as test } from '../testing.ts';

vi.setConfig({ testTimeout: 60_000 });

const WAITS = 500;
/** Measured: 11 KB, of which Node's connection takes about 5. */
const BYTES_PER_WAIT = 12 * 1024;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function usedBytes(): number {
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Opens as many waits as its first argument says, each on its own connection; in another process. */
const CLIENTS = `
const { connect } = require('node:net');
const [count, port, authorization, path] = process.argv.slice(1);
const body = '{"prompt":"Hello"}';
const request = 'POST ' + path + ' HTTP/1.1\\r\\nhost: x\\r\\nauthorization: ' + authorization
  + '\\r\\ncontent-type: application/json\\r\\ncontent-length: ' + body.length + '\\r\\n\\r\\n' + body;
let answers = 0;
for (let index = 0; index < Number(count); index += 1) {
  const socket = connect(Number(port), '127.0.0.1', () => socket.write(request));
  socket.on('error', () => {});
  socket.once('data', () => (answers += 1) === Number(count) && process.stdout.write('answered'));
}
process.stdin.on('end', () => process.exit()).resume();
`;

test('a call that waits for its answer holds less than 12 KB', async ({
  databaseUrl,
  redisUrl,
  folder,
  tenant,
  db,
}) => {
  const config = apiConfig.parse({
    STOP_NOTICE_SECONDS: '0',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    API_PORT: '0',
    MASTER_KEY: 'ab'.repeat(32),
    STORAGE_DIR: folder,
    API_CONNECTIONS_PER_ADDRESS: '10000',
  });
  await db.sql`update projects set overflow = 'queue'`;
  await using api = await startApi(config, {
    logger: createLogger({ role: 'api', level: 'silent' }),
  });
  const openWaits = async () =>
    Number(
      /^runfleet_api_open_waits\S* (\d+)$/m.exec(
        await (await fetch(`${api.url}/metrics`)).text(),
      )?.[1],
    );
  const open = async (count: number) => {
    const args = ['-e', CLIENTS, '--', `${count}`, new URL(api.url).port];
    const key = `Bearer ${tenant.apiKey}:${tenant.apiSecret}`;
    const child = spawn(process.execPath, [...args, key, `${RUN}/sync`], {
      stdio: ['pipe', 'inherit', 'inherit'],
    });
    await eventually(async () => expect(await openWaits()).toBe(count));
    await eventually(async () => {
      const [row] = await db.sql`select count(*)::int as n from tasks where status = 'task_queue'`;
      expect(row?.['n']).toBeGreaterThanOrEqual(count);
    });
    return child;
  };
  // The first waits load code and fill pools.
  const warm = await open(100);
  warm.kill();
  await eventually(async () => expect(await openWaits()).toBe(0));
  const before = usedBytes();
  const clients = await open(WAITS);
  const measure = () => (usedBytes() - before) / WAITS;
  let perWait = 0;
  // What creating the tasks took is given up soon after they are queued.
  await eventually(() => {
    perWait = measure();
    expect(perWait).toBeLessThan(BYTES_PER_WAIT);
  });
  process.stdout.write(`${WAITS} open waits: ${Math.round(perWait)} bytes each\n`);
  clients.kill();
  await eventually(async () => expect(await openWaits()).toBe(0));
});
