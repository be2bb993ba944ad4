import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

/** Runs without a database, a home or any setting, because help needs none of them. */
const runfleet = (...args: string[]) => runfleetIn({}, ...args);

async function runfleetIn(env: Record<string, string>, ...args: string[]) {
  const main = join(import.meta.dirname, 'main.ts');
  return promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...args], {
    cwd: import.meta.dirname,
    env: { PATH: process.env['PATH'], ...env },
  });
}

const usage = (await runfleet('--help')).stdout;
const commands = [
  ...new Set([...usage.matchAll(/^ {2}([a-z][a-z-]*) /gmu)].map(([, name]) => name ?? '')),
];

test('the list of commands goes to stdout on --help, and to stderr with exit code 2 otherwise', async () => {
  expect(commands).toEqual(expect.arrayContaining(['start', 'dev', 'migrate', 'doctor', 'init']));
  expect((await runfleet('-h')).stdout).toBe(usage);
  for (const args of [[], ['nothing'], ['constructor']]) {
    await expect(runfleet(...args)).rejects.toMatchObject({
      code: 2,
      stdout: '',
      stderr: expect.stringContaining(usage),
    });
  }
});

test('in a clone, messages and usage name the command as it is typed there', async () => {
  const clone = { RUNFLEET_COMMAND: 'npm run runfleet --', RUNFLEET_HOME: '/nowhere' };
  const { stdout } = await runfleetIn(clone, 'gpu', '--help');
  expect(stdout).toMatch(/^npm run runfleet -- gpu </u);
  await expect(runfleetIn(clone, 'model', 'inspect', 'phi')).rejects.toMatchObject({
    stderr: expect.stringContaining('"npm run runfleet -- model add" adds one.'),
  });
});

test('an empty prompt is wrong usage, and nothing is started', async () => {
  await expect(runfleet('dev', '--ephemeral', '--prompt', ' ')).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^--prompt needs a text\.\n\nrunfleet dev /u),
  });
});

test.concurrent.each(commands)('--help of %s prints its usage and does nothing', async (name) => {
  const { stdout, stderr } = await runfleet(name, '--help');
  expect(stdout).toMatch(new RegExp(`^runfleet ${name}\\b`, 'u'));
  expect(stderr).toBe('');
});

test.concurrent.each(commands)(
  'an unknown flag of %s is wrong usage, and nothing is done',
  async (name) => {
    await expect(runfleet(name, '--no-such-flag')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/no-such-flag[\s\S]*\n\nrunfleet /u),
    });
  },
);
