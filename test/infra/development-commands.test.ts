/** The commands of package.json that run TypeScript: `pnpm bench`, `pnpm chaos` and others. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

import { expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const { scripts } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as {
  scripts: Record<string, string>;
};
const COMMANDS = Object.entries(scripts).flatMap(([name, script]) => {
  const [, file] = /^node --import tsx (\S+)$/.exec(script) ?? [];
  return file === undefined ? [] : [[name, file] as const];
});

const start = (file: string, ...args: string[]) =>
  promisify(execFile)(process.execPath, ['--import', 'tsx', file, ...args], { cwd: ROOT });

test('the commands are found', () => {
  expect(COMMANDS.length).toBeGreaterThan(10);
});

test.concurrent.each(COMMANDS)(
  '--help of pnpm %s prints its usage and does nothing',
  async (name, file) => {
    const { stdout, stderr } = await start(file, '--help');
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringMatching(new RegExp(`^pnpm ${name}\\b`, 'u')),
      stderr: '',
    });
  },
);

test('an unknown flag is wrong usage, and nothing is done', async () => {
  await expect(start('test/model/main.ts', '--no-such-flag')).rejects.toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/no-such-flag[^\n]*\n(.*\n)?pnpm model\b/u),
  });
});
