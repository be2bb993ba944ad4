/** `npm start` as a user sees it, after the installation. */
import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { startBreakablePostgres } from '@runfleet/local-servers';
import { eventually, missingPrograms } from '@runfleet/testing';
import { expect, test as base } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { TestProcess } from './test-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAIN = join(ROOT, 'apps', 'runfleet', 'src', 'main.ts');
const READY = 'Stop with Ctrl-C';
const NEXT_STEP = 'To start a second instance';

const test = base
  .extend('home', async ({}, { onCleanup }) => {
    const home = await mkdtemp(join(tmpdir(), 'runfleet-first-run-'));
    onCleanup(() => rm(home, { recursive: true, force: true }));
    // A Postgres started by root runs as another user, which must enter the folder.
    await chmod(home, 0o711);
    return home;
  })
  .extend('run', ({ home }, { onCleanup }) => {
    const started: TestProcess[] = [];
    onCleanup(async () => {
      await Promise.all(started.map((each) => each[Symbol.asyncDispose]()));
    });
    return (file: string, args: readonly string[]): TestProcess => {
      const child = new TestProcess(file, args, environment(home));
      started.push(child);
      return child;
    };
  })
  .extend('runfleet', ({ run }) => {
    return (...args: string[]) => run(process.execPath, ['--import', 'tsx', MAIN, ...args]);
  });

/** No server and no setting of the test run may leak into the start. */
function environment(home: string): NodeJS.ProcessEnv {
  const { PATH, HOME } = process.env;
  return { PATH, HOME, RUNFLEET_HOME: home };
}

const readDevFile = async (home: string): Promise<Record<string, string>> =>
  JSON.parse(await readFile(join(home, 'dev.json'), 'utf8'));

const ephemeralHome = (started: TestProcess): string =>
  /RUNFLEET_HOME=(\S+)/.exec(started.stdout)?.[1] ?? '';

test(
  'a start with a prompt prints answer and receipt and exits with 0, and an ephemeral one leaves nothing',
  { timeout: PATIENCE_MS },
  async ({ home, runfleet }) => {
    const started = runfleet('dev', '--ephemeral', '--prompt', 'What is a task?');
    await started.succeeded();

    expect(started.stdout.trim().length).toBeGreaterThan(20);
    for (const step of ['Postgres', 'Redis', 'Schema', 'queued', 'running', 'finished']) {
      expect(started.stderr).toContain(step);
    }
    expect(started.stderr).toMatch(/receipt: \d+\.\d{4} × \$0\.000585 per second = \$0\.\d+/);
    // The demo model is built once for all starts.
    expect(await readdir(home)).toEqual(['models']);
  },
);

test(
  'a start prints and writes all addresses and keys, and a second one keeps the data',
  { timeout: PATIENCE_MS },
  async ({ home, runfleet }) => {
    const first = runfleet('dev');
    await first.untilPrinted(READY);

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
    expect(first.stdout).toContain(`These values are also in ${join(home, 'dev.json')}\n`);
    for (const name of ['apiUrl', 'apiKey', 'apiSecret', 'adminPassword']) {
      expect(first.stdout).toContain(file[name]);
    }
    expect(await (await fetch(file['dashboardUrl'] ?? '')).text()).toContain(
      '<title>Runfleet</title>',
    );

    first.kill('SIGINT');
    expect(await first.exited).toBe(0);
    await expect(fetch(file['apiUrl'] ?? '')).rejects.toThrow('fetch failed');

    const second = runfleet('dev', '--prompt', 'hi');
    await second.succeeded();
    expect(second.stderr).toContain('task 1');
    const again = await readDevFile(home);
    expect(again['apiKey']).toBe(file['apiKey']);
    expect(again['adminPassword']).toBe(file['adminPassword']);
  },
);

/** The lines between "Try it" and the next paragraph. */
const printedCommand = (started: TestProcess): string =>
  /Try it:\n\n([\s\S]*?)\n\n/.exec(started.stdout)?.[1] ?? '';

/** The command that reads the answer of the former one. */
const printedReading = (started: TestProcess): string =>
  /Read the answer[^\n]*:\n\n([\s\S]*?)\n\n/.exec(started.stdout)?.[1] ?? '';

test.skipIf(missingPrograms('bash', 'curl', 'openssl').length > 0)(
  'the printed command works in a shell (with bash, curl and openssl)',
  { timeout: PATIENCE_MS },
  async ({ runfleet }) => {
    const started = runfleet('dev', '--ephemeral');
    await started.untilPrinted(READY);
    const commands = `${printedCommand(started)}\necho\n${printedReading(started)}`;
    const { stdout } = await promisify(execFile)('bash', ['-c', commands]);
    const [run = '', detail = ''] = stdout.split('\n');
    expect(JSON.parse(run)).toMatchObject({ errors: [], result: true, taskid: '1' });
    expect(JSON.parse(detail)).toMatchObject({ errors: [], tasklist: [{ id: '1' }] });
  },
);

test(
  'the request of the printed command is accepted',
  { timeout: PATIENCE_MS },
  async ({ runfleet }) => {
    const started = runfleet('dev', '--ephemeral');
    await started.untilPrinted(READY);
    const command = printedCommand(started);
    const part = (pattern: RegExp) => pattern.exec(command)?.[1] ?? `nothing like ${pattern}`;
    const nonce = String(Math.floor(Date.now() / 1_000));
    const key = part(/YOUR_API_KEY="(\w+)"/);
    const signature = createHmac('sha256', key).update(part(/SECRET="(\w+)"/) + nonce);
    const response = await fetch(part(/-X POST "(\S+)"/), {
      method: 'POST',
      headers: {
        'content-type': part(/Content-Type: (\S+)"/),
        'x-api-key': key,
        'x-nonce': nonce,
        // The format of openssl's output.
        'x-signature': `SHA2-256(stdin)= ${signature.digest('hex')}`,
      },
      body: part(/-d '(.*)'/),
    });
    expect(await response.json()).toMatchObject({ errors: [], result: true });
  },
);

test(
  'a start whose Postgres and Redis crash starts them again and serves Runs',
  { timeout: PATIENCE_MS },
  async ({ runfleet }) => {
    const started = runfleet('dev', '--ephemeral');
    await started.untilPrinted(READY);
    const { apiUrl = '', apiKey, apiSecret } = await readDevFile(ephemeralHome(started));
    for (const name of ['Postgres', 'Redis']) {
      const folder = new RegExp(`✓ ${name}: .* data in (\\S+)`).exec(started.stderr)?.[1] ?? '';
      const owner = JSON.parse(await readFile(join(folder, 'owner.json'), 'utf8')) as {
        server: string;
      };
      process.kill(parseInt(owner.server), 'SIGKILL');
      await started.untilPrinted(`${name} has exited and is started again`);
    }
    const run = async () => {
      const response = await fetch(`${apiUrl}/Run/microsoft/Phi-3.5-mini-instruct`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}:${apiSecret}` },
        body: '{"prompt":"Hello","max_tokens":2}',
      });
      expect(await response.json()).toMatchObject({ errors: [], result: true });
    };
    await eventually(run);
    started.kill('SIGTERM');
    expect(await started.exited).toBe(0);
  },
);

test(
  'a start whose Postgres is gone stops within its grace, also while a task runs',
  { timeout: PATIENCE_MS },
  async ({ home, run }) => {
    await using postgres = await startBreakablePostgres(home);
    const settings = [`DATABASE_URL=${postgres.url}`, 'ENGINE=echo', 'ECHO_TOKEN_DELAY_MS=1000'];
    const dev = [process.execPath, '--import', 'tsx', MAIN, 'dev', '--ephemeral'];
    const started = run('/usr/bin/env', [...settings, ...dev]);
    await started.untilPrinted(READY);
    const { apiUrl = '', apiKey, apiSecret } = await readDevFile(ephemeralHome(started));
    const call = async (path: string, body: object) => {
      const response = await fetch(`${apiUrl}/${path}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${apiKey}:${apiSecret}` },
        body: JSON.stringify(body),
      });
      return response.text();
    };
    const created = await call('Run/microsoft/Phi-3.5-mini-instruct', {
      prompt: 'word '.repeat(90),
    });
    const { taskid } = JSON.parse(created) as { taskid: string };
    await eventually(async () => {
      expect(await call('Task/Detail', { taskid })).toMatch(/"status":"task_(start|output)"/);
    });
    await postgres.kill();
    const askedAt = performance.now();
    started.kill('SIGTERM');
    expect(await started.exited).toBe(1);
    // Its grace is 10 s.
    expect(performance.now() - askedAt).toBeLessThan(20_000);
    await started.closed;
    expect(started.stdout).toContain('exits before it has stopped');
  },
);

test(
  'a start that an uncaught error ends prints the error last and exits with 1',
  { timeout: PATIENCE_MS },
  async ({ run }) => {
    const crash = `data:text/javascript,process.on('SIGUSR2',()=>{throw new Error('wires crossed')})`;
    const args = ['--import', 'tsx', '--import', crash, MAIN, 'dev', '--ephemeral'];
    const started = run(process.execPath, args);
    await started.untilPrinted(READY);
    started.kill('SIGUSR2');
    expect(await started.exited).toBe(1);
    await started.closed;
    expect(started.stderr).toMatch(/\nwires crossed\n$/);
    expect(started.stdout + started.stderr).toContain('    at process.<anonymous>');
  },
);

test(
  'an ephemeral start does not touch a running start, and has its own dev.json',
  { timeout: PATIENCE_MS },
  async ({ home, runfleet }) => {
    const kept = runfleet('dev');
    await kept.untilPrinted(READY);
    const before = await readFile(join(home, 'dev.json'), 'utf8');

    const beside = runfleet('dev', '--ephemeral');
    await beside.untilPrinted(READY);
    expect(await readFile(join(home, 'dev.json'), 'utf8')).toBe(before);
    const own = await readDevFile(ephemeralHome(beside));
    expect(own['apiUrl']).not.toBe(JSON.parse(before).apiUrl);

    beside.kill('SIGINT');
    expect(await beside.exited).toBe(0);
    expect(existsSync(ephemeralHome(beside))).toBe(false);
    expect(await readFile(join(home, 'dev.json'), 'utf8')).toBe(before);
  },
);

test(
  'of two simultaneous starts in one home, one runs and the other is refused and changes nothing',
  { timeout: PATIENCE_MS },
  async ({ home, runfleet }) => {
    const starts = [runfleet('dev'), runfleet('dev')];
    await Promise.race(starts.map((each) => each.untilPrinted(NEXT_STEP)));
    const refused = starts.find((each) => each.stderr.includes(NEXT_STEP));
    const runs = starts.find((each) => each !== refused);
    expect(await refused?.exited).toBe(1);
    expect(refused?.stderr).toMatch(/is in use by process \d+/);
    expect(refused?.stderr).not.toMatch(/✓/);

    await runs?.untilPrinted(READY);
    const { apiUrl = '' } = await readDevFile(home);
    expect((await fetch(new URL('/readyz', apiUrl))).ok).toBe(true);
  },
);

test(
  'a start and its servers end when the script that started it is killed',
  { timeout: PATIENCE_MS },
  async ({ run }) => {
    const script = run(process.execPath, [join(ROOT, 'scripts', 'start.mjs'), '--ephemeral']);
    await script.untilPrinted(READY);
    const home = ephemeralHome(script);
    const { apiUrl = '' } = await readDevFile(home);
    script.kill('SIGKILL');
    await script.closed;
    await expect(fetch(apiUrl)).rejects.toThrow('fetch failed');
    expect(existsSync(home)).toBe(false);
  },
);

test.for(['SIGTERM', 'SIGKILL'] as const)(
  'a start and its servers end when the npm that started it gets %s',
  { timeout: PATIENCE_MS },
  async (signal, { run }) => {
    const npm = run('npm', ['--prefix', ROOT, 'start', '--', '--ephemeral']);
    await npm.untilPrinted(READY);
    const { apiUrl = '' } = await readDevFile(ephemeralHome(npm));
    npm.kill(signal);
    await npm.closed;
    await expect(fetch(apiUrl)).rejects.toThrow('fetch failed');
  },
);
