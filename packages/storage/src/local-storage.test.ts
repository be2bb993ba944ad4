import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';

import { expect, test as base } from 'vitest';

import { openLocalStorage } from './local-storage.ts';
import type { ObjectStorage } from './object-storage.ts';
import { probeStorage } from './probe-storage.ts';
import { testStorageLaws } from './storage-laws.ts';

const test = base.extend<{ folder: string; storage: ObjectStorage }>({
  folder: async ({}, use) => {
    const folder = await mkdtemp(join(tmpdir(), 'storage-'));
    await use(folder);
    await rm(folder, { recursive: true });
  },
  storage: async ({ folder }, use) => use(openLocalStorage(join(folder, 'objects'))),
});

const put = (storage: ObjectStorage, key: string, body: string) =>
  storage.put(key, Buffer.from(body), { contentType: 'text/plain', bytesMax: 1_000_000 });

testStorageLaws(test);

test('an open reader keeps the object that a put replaces', async ({ storage }) => {
  await put(storage, 'a', 'old');
  const opened = await storage.get('a');
  await put(storage, 'a', 'newer');

  expect(opened === null ? null : (await buffer(opened.body)).toString()).toBe('old');
});

test.for([0, 0o022, 0o077])(
  'with umask %o only the owner of the process can read objects',
  async (umask, { folder, storage }) => {
    const before = process.umask(umask);
    try {
      await put(storage, 'a/b', 'x');
    } finally {
      process.umask(before);
    }

    const paths = ['objects', 'objects/.incoming', 'objects/a', 'objects/a/b'];
    const modes = await Promise.all(paths.map((path) => stat(join(folder, path))));
    expect(modes.map(({ mode }) => (mode & 0o777).toString(8))).toEqual([
      '700',
      '700',
      '700',
      '600',
    ]);
  },
);

test('a failed put leaves no file', async ({ folder, storage }) => {
  await put(storage, 'a', 'x');

  await expect(put(storage, 'a/b', 'y')).rejects.toThrow('EEXIST');
  const tooLarge = storage.put('c/d', Buffer.from('yy'), { contentType: 'x/y', bytesMax: 1 });
  await expect(tooLarge).rejects.toThrow('larger than 1 bytes');
  expect(await readdir(join(folder, 'objects'), { recursive: true })).toEqual(['.incoming', 'a']);
});

test('deleted objects leave no empty folders', async ({ folder, storage }) => {
  await put(storage, 'a/b/c', 'x');
  await put(storage, 'a/d', 'x');
  await put(storage, 'p/q/r', 'x');
  await storage.delete('a/b/c');
  await storage.deletePrefix('p/q');

  expect((await readdir(join(folder, 'objects'), { recursive: true })).sort()).toEqual([
    '.incoming',
    'a',
    'a/d',
  ]);
});

test('puts succeed while deletes remove their folders', async ({ storage }) => {
  await Promise.all(
    Array.from({ length: 100 }, async (_, n) => {
      await put(storage, `a/b/${n}`, 'x');
      if (n % 2 === 0) await storage.delete(`a/b/${n}`);
    }),
  );

  expect(await storage.stat('a/b/99')).not.toBeNull();
});

test('the unfinished write of a dead process is removed, and a young one stays', async ({
  folder,
  storage,
}) => {
  const incoming = join(folder, 'objects/.incoming');
  await storage.deleteUnfinished(1);
  await mkdir(join(incoming, 'deleted'), { recursive: true });
  await writeFile(join(incoming, 'deleted/x'), 'x');
  await writeFile(join(incoming, 'old'), 'x');
  await writeFile(join(incoming, 'young'), 'x');
  const twoDaysAgo = Date.now() / 1000 - 2 * 86_400;
  for (const name of ['old', 'deleted']) {
    await utimes(join(incoming, name), twoDaysAgo, twoDaysAgo);
  }
  await storage.deleteUnfinished(86_400_000);

  expect(await readdir(incoming)).toEqual(['young']);
});

test('a file whose name is no key is not an object', async ({ folder, storage }) => {
  await put(storage, 'a', 'x');
  await writeFile(join(folder, 'objects/a b'), 'x');
  await mkdir(join(folder, 'objects/lost+found'));

  for await (const page of storage.list('')) expect(page.map(({ key }) => key)).toEqual(['a']);
});

test('the probe fails if no object could be stored', async ({ folder }) => {
  await writeFile(join(folder, 'file'), 'x');

  await expect(probeStorage(openLocalStorage(join(folder, 'file')))).rejects.toThrow('ENOTDIR');
});
