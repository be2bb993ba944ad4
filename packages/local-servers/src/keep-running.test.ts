import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test as base, expect, vi } from 'vitest';

import { askRedis } from './ask-redis.ts';
import { keepRunning } from './keep-running.ts';
import { startPostgres } from './start-postgres.ts';
import { startRedis } from './start-redis.ts';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-keep-'));
  onCleanup(() => rm(folder, { recursive: true, force: true }));
  // A Postgres started by root runs as another user, which must enter the folder.
  await chmod(folder, 0o711);
  return folder;
});

/** Kills a server as the system does when memory runs out, without its starter's knowledge. */
async function crash(dataPath: string): Promise<number> {
  const pid = await pidOf(dataPath);
  process.kill(pid, 'SIGKILL');
  return pid;
}

async function pidOf(dataPath: string): Promise<number> {
  const owner = JSON.parse(await readFile(join(dataPath, '..', 'owner.json'), 'utf8')) as {
    server: string;
  };
  return parseInt(owner.server);
}

test('a Redis that crashes is started again at its URL with its data, and not after its stop', async ({
  folder,
}) => {
  const options = { dataDir: join(folder, 'redis'), ephemeral: false, onProgress: () => {} };
  const server = await startRedis(options);
  let restarts = 0;
  const kept = keepRunning(server, { name: 'Redis', onRestart: () => restarts++ });
  const url = new URL(server.url);
  await askRedis(url, ['SET', 'kept', 'yes']);
  await crash(server.dataPath);
  const read = () => askRedis(url, ['GET', 'kept']).catch(() => null);
  await vi.waitFor(async () => expect(await read()).toBe('yes'), 20_000);
  await server[Symbol.asyncDispose]();
  await kept;
  expect(restarts).toBe(1);
  expect(await read()).toBeNull();
});

test('a Postgres that crashes is started again', async ({ folder }) => {
  const options = { dataDir: join(folder, 'postgres'), ephemeral: true, onProgress: () => {} };
  await using server = await startPostgres(options);
  void keepRunning(server, { name: 'PostgreSQL', onRestart: () => {} });
  const before = await crash(server.dataPath);
  await vi.waitFor(async () => {
    const [pid, , , , , , , state] = (
      await readFile(join(server.dataPath, 'postmaster.pid'), 'utf8')
    ).split('\n');
    expect(Number(pid)).not.toBe(before);
    expect(state).toMatch(/^ready/);
  }, 20_000);
});

test('a server that keeps crashing is given up with the end of its log', async ({ folder }) => {
  const options = { dataDir: join(folder, 'redis'), ephemeral: true, onProgress: () => {} };
  await using server = await startRedis(options);
  let starts = 1;
  const watched = {
    untilExit: () => server.untilExit(),
    logEnd: () => server.logEnd(),
    restart: async () => {
      await server.restart();
      starts += 1;
    },
  };
  const kept = keepRunning(watched, { name: 'Redis', onRestart: () => {} });
  const problem = kept.catch((error: Error) => error.message);
  for (let crashes = 0; crashes < 4; crashes++) {
    await vi.waitFor(() => expect(starts).toBe(crashes + 1), 20_000);
    await crash(server.dataPath);
  }
  expect(await problem).toMatch(/^Redis has exited 4 times within 60 s: ./);
});
