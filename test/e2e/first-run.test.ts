/** `npm start` as its user meets it, without the installing. */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test as base } from 'vitest';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../../apps/runfleet/src/main.ts', import.meta.url));
const dev = (...args: string[]) => ['--import', 'tsx', MAIN, 'dev', ...args];

const test = base.extend('home', async ({}, { onCleanup }) => {
  const home = await mkdtemp(join(tmpdir(), 'runfleet-first-run-'));
  onCleanup(() => rm(home, { recursive: true, force: true }));
  return home;
});

/** Neither a server nor a setting of the test run may leak into the start. */
function environment(home: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, RUNFLEET_HOME: home };
}

const readDevFile = async (home: string): Promise<Record<string, string>> =>
  JSON.parse(await readFile(join(home, 'dev.json'), 'utf8'));

test('one prompt goes through the whole system: answer, receipt, exit 0, and nothing is left of an ephemeral start', async ({
  home,
}) => {
  const { stdout, stderr } = await run(
    process.execPath,
    dev('--ephemeral', '--prompt', 'What is a task?'),
    { env: environment(home) },
  );
  expect(stdout.trim().length).toBeGreaterThan(20);
  for (const said of ['Postgres', 'Redis', 'Schema', 'queued', 'running', 'finished']) {
    expect(stderr).toContain(said);
  }
  expect(stderr).toMatch(/receipt: \d+\.\d{4} s x 0\.000585000000 USD\/s = 0\.\d{12} USD/);
  await expect(readDevFile(home)).rejects.toThrow('ENOENT');
}, 60_000);

test('a start says everything that a person and a program need, and a second one keeps the data', async ({
  home,
}) => {
  const first = spawn(process.execPath, dev(), { env: environment(home) });
  let said = '';
  first.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  while (!said.includes('Stop with Ctrl-C')) await once(first.stdout, 'data');

  const file = await readDevFile(home);
  expect(Object.keys(file)).toEqual([
    'apiUrl',
    'socketUrl',
    'dashboardUrl',
    'apiKey',
    'apiSecret',
    'projectId',
    'adminEmail',
    'adminPassword',
    'databaseUrl',
    'redisUrl',
  ]);
  expect((await stat(join(home, 'dev.json'))).mode & 0o777).toBe(0o600);
  for (const value of [file['apiUrl'], file['apiKey'], file['apiSecret'], file['adminPassword']]) {
    expect(said).toContain(value);
  }

  // The printed command, pasted.
  const command = said.slice(said.indexOf('  export YOUR'), said.indexOf('Stop with Ctrl-C'));
  const { stdout: answer } = await run('bash', ['-c', command]);
  expect(JSON.parse(answer)).toMatchObject({ errors: [], result: true });
  const page = await fetch(file['dashboardUrl'] ?? '');
  expect(await page.text()).toContain('<title>Runfleet</title>');

  first.kill('SIGINT');
  expect(await once(first, 'exit')).toEqual([0, null]);
  await expect(fetch(file['apiUrl'] ?? '')).rejects.toThrow('fetch failed');

  const second = await run(process.execPath, dev('--prompt', 'hi'), { env: environment(home) });
  expect(second.stderr).toContain('task 2');
  const again = await readDevFile(home);
  expect(again['apiKey']).toBe(file['apiKey']);
  expect(again['adminPassword']).toBe(file['adminPassword']);
}, 120_000);
