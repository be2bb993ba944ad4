import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

import { test as base, expect, vi } from 'vitest';

import { GuardedServer } from './guarded-server.ts';
import { processIdentity, runningPid } from './process-identity.ts';

// Less than a test may take; the watcher itself needs only milliseconds.
const PATIENCE_MS = 50_000;

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-guarded-'));
  onCleanup(() => rm(folder, { recursive: true, force: true }));
  return folder;
});

function server(folder: string, command: [string, ...string[]]) {
  return {
    name: 'The server',
    command,
    cwd: folder,
    account: undefined,
    logPath: join(folder, 'log'),
    stopSignal: 'SIGTERM',
    leftover: undefined,
  } as const;
}

test('the error for a server that does not start includes its log', async ({ folder }) => {
  const started = await GuardedServer.start(
    server(folder, ['/bin/sh', '-c', 'echo no such port; exit 1']),
  );
  await expect(started.untilReady(async () => false, 10_000)).rejects.toThrow('no such port');
});

test('a server that is not ready in time is stopped', async ({ folder }) => {
  const started = await GuardedServer.start(server(folder, ['/bin/sleep', '600']));
  await expect(started.untilReady(async () => false, 50)).rejects.toThrow('not ready within 50 ms');
  expect(started.hasExited).toBe(true);
});

test('when its starter is killed, a server is stopped and its temporary folder removed', async ({
  folder,
}) => {
  const leftover = join(folder, 'leftover');
  const options = { ...server(folder, ['/bin/sleep', '600']), leftover };
  const starter = spawn(
    process.execPath,
    [
      '--import',
      'tsx',
      '--input-type=module',
      '--eval',
      `import { mkdirSync } from 'node:fs';
       import { GuardedServer } from '${pathToFileURL(join(import.meta.dirname, 'guarded-server.ts')).href}';
       mkdirSync('${leftover}');
       const { pid } = await GuardedServer.start({ ...${JSON.stringify(options)}, account: undefined });
       console.log(pid);
       setInterval(() => {}, 1000);`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = (await once(starter.stdout, 'data')) as [Buffer];
  const identity = processIdentity(Number(line.toString())) ?? '';
  expect(runningPid(identity)).toBe(Number(line.toString()));

  starter.kill('SIGKILL');

  await vi.waitUntil(() => runningPid(identity) === undefined, PATIENCE_MS);
  await vi.waitUntil(() => !existsSync(leftover), PATIENCE_MS);
});
