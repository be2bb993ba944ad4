import { cp, mkdtemp, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { expect, test as base } from 'vitest';

import { copyPrograms, embeddedPostgres } from './embedded-postgres.ts';

const native = dirname((await embeddedPostgres(undefined, tmpdir(), () => {})) ?? '');

const test = base.extend('folder', async ({}, { onCleanup }) => {
  const parent = await mkdtemp(join(tmpdir(), 'runfleet-copy-'));
  onCleanup(() => rm(parent, { recursive: true, force: true }));
  return join(parent, 'postgres');
});

test('every account can read and run the copy, whatever the umask', async ({ folder }) => {
  const before = process.umask(0o077);
  try {
    await copyPrograms(folder, native, undefined, () => {});
  } finally {
    process.umask(before);
  }
  for (const [path, mode] of [
    ['', 0o755],
    ['bin', 0o755],
    ['bin/initdb', 0o755],
    ['share/postgresql/postgres.bki', 0o644],
  ] as const) {
    const { mode: found } = await stat(join(folder, path));
    expect([path, found & 0o777]).toEqual([path, mode]);
  }
});

test('a copy is made once, and again if one of its files is truncated or missing', async ({
  folder,
}) => {
  const steps: string[] = [];
  const copy = () => copyPrograms(folder, native, undefined, (step) => steps.push(step));
  await copy();
  await copy();
  expect(steps).toHaveLength(1);

  const program = join(folder, 'bin', 'postgres');
  await truncate(program, 100);
  await copy();
  expect((await stat(program)).size).toBe((await stat(join(native, 'bin', 'postgres'))).size);

  await rm(join(folder, 'share/postgresql/postgres.bki'));
  await copy();
  await stat(join(folder, 'share/postgresql/postgres.bki'));
  expect(steps).toHaveLength(3);
});

test.runIf(process.getuid?.() === 0)(
  'a copy that the account cannot run is made again',
  async ({ folder }) => {
    const steps: string[] = [];
    await cp(native, folder, { recursive: true, verbatimSymlinks: true });
    await copyPrograms(folder, native, { uid: 65_534, gid: 65_534 }, (step) => steps.push(step));
    // The account cannot enter the parent either, so the test checks only that a copy was made.
    expect(steps).toHaveLength(1);
  },
);
