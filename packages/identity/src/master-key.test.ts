import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { expect, test as base } from 'vitest';

import { deriveSecret, openMasterKey, openSecret, sealSecret } from './master-key.ts';

const HEX = 'ab'.repeat(32);

const test = base.extend('dir', async ({}, { onCleanup }) => {
  const dir = await mkdtemp(join(tmpdir(), 'master-key-'));
  onCleanup(() => rm(dir, { recursive: true }));
  return dir;
});

test('a given key is used and no file is written', async ({ dir }) => {
  const key = await openMasterKey({ hex: HEX, file: join(dir, 'key') });
  expect(key.bytes.toString('hex')).toBe(HEX);
  expect(await readdir(dir)).toEqual([]);
});

test('only its owner can read a generated key, and the next start reads it', async ({ dir }) => {
  const file = join(dir, 'deep', 'key');
  const key = await openMasterKey({ file });
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  expect(await openMasterKey({ file })).toEqual(key);
});

test('processes that start together share one key', async ({ dir }) => {
  const file = join(dir, 'key');
  const keys = await Promise.all(Array.from({ length: 8 }, () => openMasterKey({ file })));
  expect(new Set(keys.map((key) => key.bytes.toString('hex'))).size).toBe(1);
  expect(await readdir(dir)).toEqual(['key']);
});

test('a malformed key is refused, and its digits are not repeated', async ({ dir }) => {
  await writeFile(join(dir, 'key'), 'abc123');
  await expect(openMasterKey({ file: join(dir, 'key') })).rejects.toThrow('64 hex digits');
  await expect(openMasterKey({ hex: 'abc123', file: '' })).rejects.toThrow(/^(?!.*abc123)/);
});

test('a sealed secret opens only under its key and for its project', async () => {
  const key = await openMasterKey({ hex: HEX, file: '' });
  const other = await openMasterKey({ hex: 'cd'.repeat(32), file: '' });
  const sealed = sealSecret(key, '699', 'sécret');

  expect(openSecret(key, '699', sealed)).toBe('sécret');
  expect(() => openSecret(key, '700', sealed)).toThrow('project 700');
  expect(() => openSecret(other, '699', sealed)).toThrow('master key');
  sealed[sealed.length - 1] = (sealed.at(-1) ?? 0) ^ 1;
  expect(() => openSecret(key, '699', sealed)).toThrow('master key');
});

test('the same secret is never sealed to the same bytes', async () => {
  const key = await openMasterKey({ hex: HEX, file: '' });
  expect(sealSecret(key, '1', 's')).not.toEqual(sealSecret(key, '1', 's'));
});

test('each purpose has its own secret', async () => {
  const key = await openMasterKey({ hex: HEX, file: '' });
  expect(deriveSecret(key, 'a')).toMatch(/^[0-9a-f]{64}$/);
  expect(deriveSecret(key, 'a')).toBe(deriveSecret(key, 'a'));
  expect(deriveSecret(key, 'a')).not.toBe(deriveSecret(key, 'b'));
});
