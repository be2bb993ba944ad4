import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

import { CHECKS } from './checks/index.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));

test('with unreachable servers the process reports every check and exits with 1', async () => {
  const env = {
    PATH: process.env['PATH'],
    RUNFLEET_HOME: '/nonexistent',
    DATABASE_URL: 'postgres://127.0.0.1:1/x',
    REDIS_URL: 'redis://127.0.0.1:1',
  };
  const args = ['--import', 'tsx', MAIN, 'doctor', '--json'];
  const run = promisify(execFile)(process.execPath, args, { env, timeout: 20_000 });
  const { code, stdout } = await run.then(
    ({ stdout: output }) => ({ code: 0, stdout: output }),
    (error: { code: number; stdout: string }) => error,
  );
  const report = JSON.parse(stdout) as { ok: boolean; checks: { name: string; status: string }[] };
  expect(code).toBe(1);
  expect(report.ok).toBe(false);
  expect(report.checks.map(({ name }) => name)).toEqual(Object.keys(CHECKS));
  const problems = report.checks.filter(({ status }) => status === 'problem');
  expect(problems.map(({ name }) => name)).toEqual(expect.arrayContaining(['postgres', 'redis']));
});
