/** What a checkout says to those who type something else, or have it in an odd place. */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { expect, test as base } from 'vitest';

import { PATIENCE_MS } from '../patience.ts';
import { TestProcess } from './test-process.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'scripts'];

const test = base.extend('parent', async ({}, { onCleanup }) => {
  const parent = await mkdtemp(join(tmpdir(), 'runfleet-install-'));
  onCleanup(() => rm(parent, { recursive: true, force: true }));
  return parent;
});

/** Runs npm in a checkout of that name, which has nothing but what npm and the scripts read. */
async function npm(folder: string, args: readonly string[]): Promise<TestProcess> {
  await mkdir(folder);
  for (const file of FILES) await cp(join(ROOT, file), join(folder, file), { recursive: true });
  const { PATH, HOME } = process.env;
  const started = new TestProcess('npm', ['--prefix', folder, ...args], { PATH, HOME });
  await started.closed;
  return started;
}

test('`npm install` says what to type instead', { timeout: PATIENCE_MS }, async ({ parent }) => {
  await using typed = await npm(join(parent, 'checkout'), ['install', '--offline']);
  expect(await typed.exited).not.toBe(0);
  expect(typed.stderr).toContain('catalog:type-npm-start-or-pnpm-install');
});

test.for(['a?b', 'a\\b'])(
  'a folder from which Node can load no modules is named: %s',
  { timeout: PATIENCE_MS },
  async (name, { parent }) => {
    const folder = join(parent, name);
    await using start = await npm(folder, ['start', '--', '--ephemeral']);
    expect(await start.exited).toBe(1);
    expect(start.stderr).toContain(`in its path: ${folder}\nMove or rename it, then start again.`);
    expect(start.stderr).not.toMatch(/^ +at /m);
  },
);
