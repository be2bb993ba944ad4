import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { expect, test as base } from 'vitest';

import { openLocalStorage } from './local-storage.ts';
import { ObjectKeyError } from './object-key.ts';
import type { ObjectStorage } from './object-storage.ts';

const test = base.extend<{ folder: string; storage: ObjectStorage }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'storage-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  storage: async ({ folder }, use) => use(openLocalStorage(join(folder, 'objects'))),
});

async function textOf(storage: ObjectStorage, key: string): Promise<string | null> {
  const object = await storage.get(key);
  return object === null ? null : (await buffer(object.body)).toString();
}

const put = (storage: ObjectStorage, key: string, body: string) =>
  storage.put(key, Buffer.from(body), 'text/plain');

test('an object that was put is returned, with its size', async ({ storage }) => {
  await put(storage, 'tasks/7/0.txt', 'Grüße');

  const object = await storage.get('tasks/7/0.txt');
  expect(object?.sizeBytes).toBe(7);
  expect(await textOf(storage, 'tasks/7/0.txt')).toBe('Grüße');
  object?.body.destroy();
});

test('a missing object is null, also if part of its key is an object or a folder', async ({
  storage,
}) => {
  await put(storage, 'a/b', 'x');

  expect(await Promise.all(['c', 'a', 'a/b/c'].map((key) => storage.get(key)))).toEqual([
    null,
    null,
    null,
  ]);
});

test('a second put replaces the object, and an open reader keeps the former one', async ({
  storage,
}) => {
  await put(storage, 'a', 'old');
  const opened = await storage.get('a');
  await put(storage, 'a', 'newer');

  expect(opened === null ? null : (await buffer(opened.body)).toString()).toBe('old');
  expect(await textOf(storage, 'a')).toBe('newer');
});

test('many writers of one key leave one complete object', async ({ storage }) => {
  const bodies = Array.from({ length: 20 }, (_, n) => String(n % 10).repeat(50_000));
  await Promise.all(bodies.map((body) => put(storage, 'a', body)));

  expect(bodies).toContain(await textOf(storage, 'a'));
});

test('delete removes the object, and a second delete succeeds', async ({ storage }) => {
  await put(storage, 'a', 'x');
  await storage.delete('a');
  await storage.delete('a');

  expect(await storage.get('a')).toBeNull();
});

test.each([
  ['empty', ''],
  ['absolute', '/etc/passwd'],
  ['leading out of the folder', '../secret'],
  ['leading out of the folder later', 'a/../../secret'],
  ['with a dot segment', 'a/./b'],
  ['with an empty segment', 'a//b'],
  ['of a folder', 'a/'],
  ['into the folder of unfinished writes', '.incoming/x'],
  ['with a backslash', 'a\\b'],
  ['with a NUL', 'a\0b'],
  ['with a space', 'a b'],
  ['percent-encoded', '%2e%2e/x'],
  ['with a segment longer than a file name', 'x'.repeat(201)],
  ['longer than 512 characters', `${'x/'.repeat(256)}x`],
])('a key %s is refused by every call', async (_name, key) => {
  const storage = openLocalStorage(join(tmpdir(), 'never-made'));

  await expect(put(storage, key, 'x')).rejects.toThrow(ObjectKeyError);
  await expect(storage.get(key)).rejects.toThrow(ObjectKeyError);
  await expect(storage.delete(key)).rejects.toThrow(ObjectKeyError);
});

test('only the owner of the process can read objects', async ({ folder, storage }) => {
  await put(storage, 'a/b', 'x');

  const modes = await Promise.all(
    ['objects', 'objects/a', 'objects/a/b'].map((path) => stat(join(folder, path))),
  );
  expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual(['700', '700', '600']);
});

test('a failed put leaves nothing behind', async ({ folder, storage }) => {
  await put(storage, 'a', 'x');

  await expect(put(storage, 'a/b', 'y')).rejects.toThrow('EEXIST');
  expect(await readdir(join(folder, 'objects/.incoming'))).toEqual([]);
});

test('an unfinished write of a dead process is removed after a day, and a running write stays', async ({
  folder,
  storage,
}) => {
  const incoming = join(folder, 'objects/.incoming');
  await mkdir(incoming, { recursive: true });
  await writeFile(join(incoming, 'old'), 'x');
  await writeFile(join(incoming, 'young'), 'x');
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  await utimes(join(incoming, 'old'), twoDaysAgo, twoDaysAgo);
  await put(storage, 'a', 'x');

  expect(await readdir(incoming)).toEqual(['young']);
});

test('the check fails if no object could be stored', async ({ folder, storage }) => {
  await storage.check();
  await writeFile(join(folder, 'file'), 'x');

  await expect(openLocalStorage(join(folder, 'file')).check()).rejects.toThrow('ENOTDIR');
});
