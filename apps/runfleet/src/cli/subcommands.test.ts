import { parseArgs } from 'node:util';

import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { onlyOperand, runSubcommand } from './subcommands.ts';
import { UsageError } from './with-usage.ts';

const USAGE = 'the usage\n';
const commands = {
  fail: () => Promise.reject(new Error('no disk')),
  misuse: () => Promise.reject(new UsageError('These flags contradict each other.')),
  one: async (args: readonly string[]) => void onlyOperand(args, 'name'),
  strict: async (args: readonly string[]) => void parseArgs({ args: [...args], options: {} }),
};
let out = '';
let err = '';
let exitCode: typeof process.exitCode;
beforeEach(() => {
  [out, err, exitCode] = ['', '', process.exitCode];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => ((out += String(text)), true));
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => ((err += String(text)), true));
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = exitCode;
});

test.each<[string[], RegExp]>([
  [[], /A command is missing/],
  [['nothing'], /no command "nothing"/],
  [['constructor'], /no command "constructor"/],
  [['misuse'], /contradict each other/],
  [['one'], /name is missing/],
  [['one', ''], /name is missing/],
  [['one', 'a', 'b'], /"b" is one too many/],
  [['strict', '--bogus'], /Unknown option '--bogus'/],
])('%j is wrong usage: the reason and the usage on stderr, exit code 2', async (args, reason) => {
  await runSubcommand(USAGE, commands, args);

  expect(err).toMatch(reason);
  expect(err).toContain(USAGE);
  expect([out, process.exitCode]).toEqual(['', 2]);
});

test('help goes to stdout and is not an error', async () => {
  await runSubcommand(USAGE, commands, ['misuse', '--help']);

  expect([out, err, process.exitCode]).toEqual([USAGE, '', exitCode]);
});

test('a failure of the command is thrown to its caller', async () => {
  await expect(runSubcommand(USAGE, commands, ['fail'])).rejects.toThrow('no disk');
  expect([out, err]).toEqual(['', '']);
});
