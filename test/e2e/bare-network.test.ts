/** Starts a complete Runfleet in a network namespace that has only a loopback interface. */
import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { missingPrograms } from '@runfleet/testing';
import { expect, test as base } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { TestProcess } from './test-process.ts';

const MAIN = fileURLToPath(new URL('../../apps/runfleet/src/main.ts', import.meta.url));
const TRAP = fileURLToPath(new URL('name-trap.ts', import.meta.url));
// Every process of a start ends with its namespace.
const NEW_NAMESPACES = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
const canIsolate =
  missingPrograms('unshare', 'ip', 'mount').length === 0 &&
  spawnSync('unshare', [...NEW_NAMESPACES, 'ip', 'link', 'set', 'lo', 'up']).status === 0;

const test = base.extend('home', async ({}, { onCleanup }) => {
  const home = await mkdtemp(join(tmpdir(), 'runfleet-bare-network-'));
  onCleanup(() => rm(home, { recursive: true, force: true }));
  return home;
});

/** Runs one prompt through a complete Runfleet in a new network, after the shell lines of `prepare`. */
function promptInNewNetwork(home: string, prepare: string): TestProcess {
  const command = `ip link set lo up; ${prepare}; exec "$@"`;
  const node = [process.execPath, '--import', 'tsx', MAIN, 'dev', '--ephemeral', '--prompt', 'Hi'];
  return new TestProcess(
    'unshare',
    [...NEW_NAMESPACES, '/bin/sh', '-euc', command, 'sh', ...node],
    {
      PATH: process.env['PATH'],
      HOME: home,
      TMPDIR: home,
      RUNFLEET_HOME: home,
      // Already downloaded, since this network reaches nothing.
      XDG_CACHE_HOME: process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? '', '.cache'),
    },
  );
}

test.runIf(canIsolate)(
  'everything starts if the loopback has only ::1 (as root, with unshare and ip)',
  { timeout: PATIENCE_MS },
  async ({ home }) => {
    await using started = promptInNewNetwork(home, 'ip -4 address del 127.0.0.1/8 dev lo');
    await started.succeeded();
    expect(started.stderr).toContain('finished');
  },
);

test.runIf(canIsolate)(
  'a start looks up no name and stores no id of this machine (as root, with unshare, ip and mount)',
  { timeout: PATIENCE_MS },
  async ({ home }) => {
    const resolver = join(home, 'resolv.conf');
    const asked = join(home, 'asked');
    await writeFile(resolver, 'nameserver 127.0.0.1\n');
    const node = `"${process.execPath}"`;
    const trap = `${node} --import tsx "${TRAP}" "${asked}" & while [ ! -e "${asked}" ]; do sleep 0.1; done`;
    // A lookup by the test shows that the trap records lookups.
    const probe = `${node} -e "require('dns').lookup('probe.example', () => {})"`;
    await using started = promptInNewNetwork(
      home,
      `mount --bind "${resolver}" /etc/resolv.conf; ${trap}; ${probe}`,
    );
    expect(await started.exited).toBe(0);
    const names = (await readFile(asked, 'utf8')).trim().split('\n');
    expect([...new Set(names)]).toEqual(['probe.example']);
    const kept = (await readdir(home, { recursive: true })).filter((path) =>
      /Microsoft|mat-debug|telemetry/iu.test(path),
    );
    expect(kept).toEqual([]);
  },
);
