import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { test as base, expect } from 'vitest';

import { claimFolder } from './claim-folder.ts';
import { processIdentity } from './process-identity.ts';

const OPTIONS = { stopSignal: 'SIGTERM', onProgress: () => {} } as const;
// No process has ever had that start time.
const GONE = '1 999999999999';

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-claim-'));
  onCleanup(() => rm(folder, { recursive: true, force: true }));
  return folder;
});

test('a folder has one owner at a time', async ({ folder }) => {
  const claim = await claimFolder(folder, OPTIONS);
  await expect(claimFolder(folder, OPTIONS)).rejects.toThrow(`in use by process ${process.pid}`);

  await claim.release();
  await (await claimFolder(folder, OPTIONS)).release();
});

test('a server whose starter has died is stopped before the folder is claimed', async ({
  folder,
}) => {
  const orphan = spawn('sleep', ['600']);
  await once(orphan, 'spawn');
  const ended = once(orphan, 'exit');
  const server = processIdentity(orphan.pid ?? 0);
  await writeFile(join(folder, 'owner.json'), JSON.stringify({ owner: GONE, server }));

  const claim = await claimFolder(folder, OPTIONS);

  expect(await ended).toEqual([null, 'SIGTERM']);
  await claim.release();
});

test('a process that reuses the pid of a dead server is not stopped', async ({ folder }) => {
  const stranger = spawn('sleep', ['600']);
  await once(stranger, 'spawn');
  await writeFile(
    join(folder, 'owner.json'),
    JSON.stringify({ owner: GONE, server: `${stranger.pid} 999999999999` }),
  );

  const claim = await claimFolder(folder, OPTIONS);

  expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  await claim.release();
  stranger.kill();
});
