import { buffer } from 'node:stream/consumers';

import type { Sql, Transaction } from '@runfleet/db';
import { expect } from 'vitest';

import { findFile, listFiles } from './read-files.ts';
import { sweepStrayObjects } from './stray-objects.ts';
import { bytes, OWNER, testWithFiles as test, upload } from './testing.ts';
import { Upload, type UploadContext } from './upload.ts';

const ROOT = { ...OWNER, parentId: null, start: 0, limit: 20, order: 'ASC' } as const;

const textFile = (sizeBytes: number) => ({
  name: 'a.txt',
  contentType: 'text/plain',
  body: bytes(sizeBytes),
});

/** Starts an upload whose process dies before the commit. */
async function die(files: UploadContext): Promise<Upload> {
  const lost = await Upload.open(files, { ...OWNER, sizeBytes: 300 });
  await lost.addFile(null, textFile(300));
  return lost;
}

/** Commits as `sql` does, and loses each answer. */
function losingCommits(sql: Sql): Sql {
  return new Proxy(sql, {
    get: (target, name) =>
      name === 'begin'
        ? async (work: (tx: Transaction) => Promise<unknown>) => {
            await target.begin(work);
            throw new Error('connection lost');
          }
        : (Reflect.get(target, name) as unknown),
  });
}

test('an uploaded file is listed, found by its key and name, and read', async ({
  files,
  usage,
}) => {
  const entry = await upload(files, { name: 'über.txt', sizeBytes: 250 });

  expect(entry).toMatchObject({ name: 'über.txt', sizeBytes: 250, contentType: 'text/plain' });
  expect(await listFiles(files, ROOT)).toEqual({ total: 1, entries: [entry] });
  const found = await findFile(files, { accessKey: entry.accessKey ?? '', name: 'über.txt' });
  const object = await files.storage.get(found?.storageKey ?? '');
  expect((object && (await buffer(object.body)))?.toString()).toBe('x'.repeat(250));
  expect(await usage()).toEqual({ counted: '250 in 1', actual: '250 in 1' });
});

test('an upload that fails leaves nothing', async ({ files, objects, usage }) => {
  async function* broken() {
    yield* bytes(200);
    throw new Error('cut off');
  }
  const failing = async () => {
    await using opened = await Upload.open(files, { ...OWNER, sizeBytes: null });
    await opened.addFile(null, textFile(100));
    await opened.addFile(null, { ...textFile(0), body: broken() });
  };
  await expect(failing()).rejects.toThrow('cut off');
  expect(await objects()).toEqual([]);
  expect(await usage()).toEqual({ counted: '0 in 0', actual: '0 in 0' });
  expect((await listFiles(files, ROOT)).total).toBe(0);
});

test('of a process that dies during an upload nothing is readable, and its objects are deleted', async ({
  db,
  files,
  objects,
  usage,
}) => {
  const lost = await die(files);
  expect(await sweepStrayObjects(files)).toBe(0);
  expect(await objects()).toHaveLength(1);

  await db.sql`update stray_objects set due_at = now()`;
  expect(await sweepStrayObjects(files)).toBe(1);
  expect(await objects()).toEqual([]);
  expect(await usage()).toEqual({ counted: '0 in 0', actual: '0 in 0' });

  await expect(lost.commit({ ...OWNER, parentId: null })).rejects.toThrow('took too long');
  expect((await listFiles(files, ROOT)).total).toBe(0);
  await lost[Symbol.asyncDispose]();
});

test('what a process writes after its upload was given up is deleted, too', async ({
  db,
  files,
  objects,
}) => {
  const sweep = async () => {
    await db.sql`update stray_objects set due_at = now()`;
    return sweepStrayObjects(files);
  };
  async function* slow() {
    yield* bytes(100);
    await sweep();
    yield* bytes(100);
  }
  await using late = await Upload.open(files, { ...OWNER, sizeBytes: 200 });
  await late.addFile(null, { ...textFile(0), body: slow() });
  expect(await objects()).toHaveLength(1);
  await expect(late.commit({ ...OWNER, parentId: null })).rejects.toThrow('took too long');
  expect(await sweep()).toBe(1);
  expect(await objects()).toEqual([]);
  expect(await db.sql`select key from stray_objects`).toHaveLength(0);
});

test('an upload whose commit was answered with a lost connection keeps its file', async ({
  files,
  objects,
}) => {
  const losing = async () => {
    const ctx = { ...files };
    await using opened = await Upload.open(ctx, { ...OWNER, sizeBytes: 10 });
    await opened.addFile(null, textFile(10));
    ctx.db = { ...files.db, sql: losingCommits(files.db.sql) };
    await opened.commit({ ...OWNER, parentId: null });
  };
  await expect(losing()).rejects.toThrow('connection lost');
  expect((await listFiles(files, ROOT)).total).toBe(1);
  expect(await objects()).toHaveLength(1);
});

test('uploads at the same time never exceed the quota, announced or not', async ({
  files,
  usage,
}) => {
  const one = async (sizeBytes: number | null) => {
    await using opened = await Upload.open(files, { ...OWNER, sizeBytes });
    await opened.addFile(null, textFile(600));
    await opened.commit({ ...OWNER, parentId: null });
  };
  const ends = await Promise.allSettled(
    Array.from({ length: 10 }, (_, n) => one(n % 2 === 0 ? 600 : null)),
  );
  const stored = ends.filter(({ status }) => status === 'fulfilled').length;
  expect(stored).toBeGreaterThan(0);
  expect(stored).toBeLessThanOrEqual(3);
  for (const end of ends) {
    if (end.status === 'rejected') expect(String(end.reason)).toContain('of 2000 bytes are in use');
  }
  const size = `${stored * 600} in ${stored}`;
  expect(await usage()).toEqual({ counted: size, actual: size });
});

test('a file that fills the quota to the last byte and entry is stored', async ({ files }) => {
  files.limits.quotaEntries = 2;
  await upload(files, { sizeBytes: 1_000 });
  {
    await using opened = await Upload.open(files, { ...OWNER, sizeBytes: null });
    await opened.addFile(null, textFile(1_000));
    await opened.commit({ ...OWNER, parentId: null });
  }
  await expect(upload(files, { sizeBytes: 0 })).rejects.toThrow('2 of 2 files and folders');
});

test('a file larger than allowed is refused and leaves nothing', async ({ files, objects }) => {
  await expect(upload(files, { sizeBytes: 1_001 })).rejects.toThrow('1000 bytes');
  expect(await objects()).toEqual([]);
});

test('files of one upload appear together, in their folders', async ({ files, usage }) => {
  await using opened = await Upload.open(files, { ...OWNER, sizeBytes: null });
  const top = await opened.addFolder(null, 'archive');
  const inner = await opened.addFolder(top, 'inner');
  await Promise.all([
    opened.addFile(top, textFile(10)),
    opened.addFile(inner, textFile(20)),
    opened.addFile(inner, textFile(30)),
  ]);
  expect((await listFiles(files, ROOT)).total).toBe(0);
  const folder = await opened.commit({ ...OWNER, parentId: null });

  expect(folder).toMatchObject({ name: 'archive', isFolder: true, accessKey: null });
  const { entries } = await listFiles(files, { ...ROOT, parentId: folder.id });
  expect(entries.map(({ name }) => name)).toEqual(['inner', 'a.txt']);
  const below = await listFiles(files, { ...ROOT, parentId: entries[0]?.id ?? '' });
  expect(below.total).toBe(2);
  expect(await usage()).toEqual({ counted: '60 in 5', actual: '60 in 5' });
});
