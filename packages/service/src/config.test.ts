import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as base } from 'vitest';
import { z } from 'zod';

import { ConfigError } from './config-error.ts';
import { loadConfig } from './config.ts';

const schema = z.object({
  DATABASE_URL: z.url().describe('Where Postgres is.'),
  PORT: z.coerce.number().int().min(0).max(65_535).describe('The port to listen on.').default(3100),
  MASTER_KEY: z.string().length(64).describe('Seals secrets.').optional(),
  MASTER_KEY_FILE: z.string().describe('Where a generated master key is kept.').default('key'),
});

const test = base.extend<{ folder: string }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'config-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
});

function mistakesOf(env: Record<string, string>): string {
  try {
    loadConfig(schema, env);
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return '';
}

test('settings come from the variables of the same name, with defaults if not set', () => {
  expect(loadConfig(schema, { DATABASE_URL: 'postgres://db/x', UNRELATED: 'y' })).toEqual({
    DATABASE_URL: 'postgres://db/x',
    PORT: 3100,
    MASTER_KEY_FILE: 'key',
  });
});

test('all mistakes are reported at once, each with its variable and its meaning', () => {
  expect(mistakesOf({ PORT: '70000', MASTER_KEY: 'short' }).split('\n')).toEqual([
    'The settings have 3 mistakes:',
    '  DATABASE_URL is not set (Where Postgres is.)',
    expect.stringMatching(/^ {2}PORT is wrong: .*65535 \(The port to listen on\.\)$/),
    expect.stringMatching(/^ {2}MASTER_KEY is wrong: .*64.* \(Seals secrets\.\)$/),
  ]);
});

test('a mistake never repeats the value, which may be a secret', () => {
  expect(mistakesOf({ DATABASE_URL: 'hunter2', MASTER_KEY: 'hunter2' })).not.toContain('hunter2');
});

test('an empty variable counts as not set', () => {
  expect(mistakesOf({ DATABASE_URL: '' })).toContain('DATABASE_URL is not set');
  expect(loadConfig(schema, { DATABASE_URL: 'postgres://db/x', PORT: '' }).PORT).toBe(3100);
});

test('NAME_FILE names a file with the value; a trailing newline is removed', async ({ folder }) => {
  const file = join(folder, 'url');
  await writeFile(file, 'postgres://db/x\n');

  expect(loadConfig(schema, { DATABASE_URL_FILE: file }).DATABASE_URL).toBe('postgres://db/x');
});

test('a value and a file for the same setting are a mistake', async ({ folder }) => {
  const file = join(folder, 'url');
  await writeFile(file, 'postgres://db/x');

  expect(mistakesOf({ DATABASE_URL: 'postgres://db/y', DATABASE_URL_FILE: file })).toContain(
    'DATABASE_URL is set twice, by DATABASE_URL and by DATABASE_URL_FILE; keep one',
  );
});

test('a missing or empty secret file is a mistake, reported once', async ({ folder }) => {
  const empty = join(folder, 'empty');
  await writeFile(empty, '\n');

  const absent = mistakesOf({ DATABASE_URL_FILE: join(folder, 'absent') });
  expect(absent).toContain('DATABASE_URL cannot be read from DATABASE_URL_FILE: ENOENT');
  expect(absent).toContain('a mistake');
  expect(mistakesOf({ DATABASE_URL_FILE: empty })).toContain(`${empty} is empty`);
});

test('a _FILE variable that the schema declares is a setting of its own', () => {
  const env = { DATABASE_URL: 'postgres://db/x', MASTER_KEY_FILE: '/absent/key' };

  expect(loadConfig(schema, env)).toMatchObject({ MASTER_KEY_FILE: '/absent/key' });
});

test('a broken rule about several settings is reported too', () => {
  const ordered = z
    .object({ LOW: z.coerce.number(), HIGH: z.coerce.number() })
    .refine(({ LOW, HIGH }) => LOW <= HIGH, 'LOW must not be above HIGH');

  expect(() => loadConfig(ordered, { LOW: '2', HIGH: '1' })).toThrow('LOW must not be above HIGH');
});
