import { existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { test as base, expect } from 'vitest';

import { askRedis } from './ask-redis.ts';
import { bringRedis } from './bring-redis.ts';
import { startRedis } from './start-redis.ts';

const test = base.extend('dataDir', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-start-'));
  onCleanup(() => rm(folder, { recursive: true, force: true }));
  return join(folder, 'redis');
});

test('a second start has the data of the first; a taken port gives way to the next one', async ({
  dataDir,
}) => {
  const options = { dataDir, ephemeral: false, onProgress: () => {} };
  await using other = await startRedis({ ...options, dataDir: `${dataDir}-other` });
  const first = await startRedis({ ...options, port: portOf(other.url) });
  expect(portOf(first.url)).toBeGreaterThan(portOf(other.url));
  await askRedis(new URL(first.url), ['SET', 'kept', 'yes']);
  await first[Symbol.asyncDispose]();

  await using second = await startRedis(options);

  expect(await askRedis(new URL(second.url), ['GET', 'kept'])).toBe('yes');
});

test('clients need the password, which only its owner can read', async ({ dataDir }) => {
  await using server = await startRedis({ dataDir, ephemeral: false, onProgress: () => {} });
  const stranger = new URL(server.url);
  stranger.password = '';
  await expect(askRedis(stranger, ['GET', 'kept'])).rejects.toThrow('NOAUTH');
  for (const name of ['password', 'redis.conf']) {
    expect((await stat(join(dataDir, name))).mode & 0o777).toBe(0o600);
  }
});

test('an ephemeral server leaves nothing behind', async ({ dataDir }) => {
  const server = await startRedis({ dataDir, ephemeral: true, onProgress: () => {} });
  await server[Symbol.asyncDispose]();
  expect(existsSync(dirname(server.dataPath))).toBe(false);
});

test('a given server is used and not stopped', async ({ dataDir }) => {
  const options = { dataDir, ephemeral: true, onProgress: () => {} };
  await using server = await startRedis(options);
  const given = await bringRedis({ ...options, givenUrl: server.url });
  await given[Symbol.asyncDispose]();
  expect(await askRedis(new URL(server.url), ['PING'])).toBe('PONG');
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}
