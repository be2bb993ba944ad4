import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { test as base, expect } from 'vitest';

import { checkPostgres } from './check-postgres.ts';
import { startPostgres } from './start-postgres.ts';

const test = base.extend('dataDir', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-start-'));
  onCleanup(() => rm(folder, { recursive: true, force: true }));
  // A server started by root runs as another user, which must be able to enter the folder.
  await chmod(folder, 0o711);
  return join(folder, 'postgres');
});

test('a second start opens the same data, even if the pid file of the first is stale', async ({
  dataDir,
}) => {
  const options = { dataDir, ephemeral: false, onProgress: () => {} };
  const first = await startPostgres(options);
  const madeAt = (await stat(join(first.dataPath, 'PG_VERSION'))).birthtimeMs;
  await first.kill();
  await first[Symbol.asyncDispose]();
  // Our own pid: a running program that is not PostgreSQL.
  await writeFile(join(first.dataPath, 'postmaster.pid'), `${process.pid}\n${first.dataPath}\n`);

  await using second = await startPostgres({ ...options, port: portOf(first.url) });

  expect(second.url).toBe(first.url);
  expect((await stat(join(second.dataPath, 'PG_VERSION'))).birthtimeMs).toBe(madeAt);
  await checkPostgres(second.url);
});

test('only the owner of the data can read the password', async ({ dataDir }) => {
  await using server = await startPostgres({ dataDir, ephemeral: false, onProgress: () => {} });
  const password = join(dirname(server.dataPath), 'password');
  expect((await stat(password)).mode & 0o777).toBe(0o600);
  expect(new URL(server.url).password).toMatch(/^[0-9a-f]{48}$/);
});

test('an ephemeral server leaves nothing behind', async ({ dataDir }) => {
  const server = await startPostgres({ dataDir, ephemeral: true, onProgress: () => {} });
  expect(existsSync(server.dataPath)).toBe(true);

  await server[Symbol.asyncDispose]();

  expect(existsSync(dirname(server.dataPath))).toBe(false);
  expect(await readdir(dirname(dataDir))).toEqual([]);
  await expect(checkPostgres(server.url)).rejects.toThrow('ECONNREFUSED');
});

function portOf(url: string): number {
  return Number(new URL(url).port);
}
