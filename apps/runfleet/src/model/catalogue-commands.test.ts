import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { testWithDb } from '@runfleet/db/testing';
import { expect, vi } from 'vitest';

import { captureOutput } from '../operate/testing.ts';
import { model } from './model-command.ts';

const output = captureOutput();
const PLAIN = {
  owner: 'acme',
  name: 'Tiny',
  description: 'A small model.',
  price: { method: 'token', parts: { input: '0.000001', output: '0.000002' } },
};

/** `write` puts a document into a file and returns its path; `run` returns what a command printed. */
const test = testWithDb
  .extend('write', async ({ db, databaseUrl }, { onCleanup }) => {
    expect(db).toBeDefined();
    vi.stubEnv('DATABASE_URL', databaseUrl);
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-publish-'));
    onCleanup(() => rm(folder, { recursive: true }));
    return async (text: string) => {
      const file = join(folder, 'tiny.json');
      await writeFile(file, text);
      return file;
    };
  })
  .extend('run', ({ write }) => async (...args: string[]) => {
    expect(write).toBeDefined();
    output.out = '';
    await model(args);
    return output.out;
  });

test('a model is published, listed, shown, changed and retired', async ({ write, run }) => {
  const file = await write(JSON.stringify(PLAIN));
  expect(await run('publish', file)).toBe(
    'Published acme/Tiny, version 1: $0.000001 per input token and $0.000002 per output token\n',
  );
  expect(await run('publish', file)).toContain('published already');
  expect(await run('catalogue')).toMatch(/acme\/Tiny +1 +.*offered/);

  const readme = await write('# Tiny');
  const shown = JSON.parse(await run('catalogue', 'ACME/tiny')) as object;
  expect(shown).toMatchObject({ ...PLAIN, readme: '' });
  const edited = await write(JSON.stringify({ ...shown, tags: ['small'] }));
  expect(readme).toBe(edited);
  expect(await run('publish', edited, '--json')).toContain('"version": 2');
  expect(JSON.parse(await run('catalogue', 'acme/tiny', '--version', '1'))).toMatchObject({
    tags: [],
  });

  expect(await run('retire', 'acme/tiny')).toBe('Retired acme/Tiny\n');
  expect(await run('retire', 'acme/tiny')).toContain('retired already');
  expect(await run('catalogue')).toMatch(/acme\/Tiny +2 +.*retired/);
});

test('a readme may be a file of its own', async ({ write, run }) => {
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-readme-'));
  const readme = join(folder, 'README.md');
  await writeFile(readme, '# Tiny\n');
  await run('publish', await write(JSON.stringify(PLAIN)), '--readme', readme);
  await rm(folder, { recursive: true });
  expect(JSON.parse(await run('catalogue', 'acme/Tiny'))).toMatchObject({ readme: '# Tiny\n' });
});

test('a wrong file is refused, and each wrong field is named', async ({ write, run }) => {
  const publish = async (text: string) => run('publish', await write(text));
  await expect(publish('{')).rejects.toThrow('is not JSON');
  await expect(publish('[]')).rejects.toThrow('is not a model');
  await expect(publish('x'.repeat(1_000_001))).rejects.toThrow('larger than 1000000 bytes');
  const wrong = { ...PLAIN, owner: 'a b', price: { method: 'second', parts: { second: 'much' } } };
  await expect(publish(JSON.stringify(wrong))).rejects.toThrow(
    /owner: must be .*\nprice\.parts\.second: must be dollars/,
  );
  await expect(run('retire', 'acme/Other')).rejects.toThrow('acme/Other is not in the catalogue');
  await expect(run('catalogue', 'acme/Other')).rejects.toThrow(
    'acme/Other is not in the catalogue',
  );
});

test.for([
  [['publish'], 'file is missing'],
  [['retire', 'tiny'], 'is not an owner/name'],
  [['catalogue', 'a/b/c'], 'is not an owner/name'],
  [['catalogue', '--version', '1'], '--version needs an owner/name'],
] as const)('%j is wrong usage', async ([args, problem], { run }) => {
  await run(...args);
  expect(output.err).toContain(problem);
  expect(process.exitCode).toBe(2);
});
