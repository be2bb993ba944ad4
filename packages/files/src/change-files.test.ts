import { expect } from 'vitest';

import { moveFile, renameFile, rotateAccessKey } from './change-files.ts';
import { deleteExpiredFiles, deleteFile } from './delete-files.ts';
import { readFileEntry } from './file-entry.ts';
import { createFolder, FOLDER_DEPTH_MAX } from './folders.ts';
import { findFile, listFiles } from './read-files.ts';
import { resolveFile } from './resolve-file.ts';
import { sweepStrayObjects } from './stray-objects.ts';
import { NEIGHBOUR, OWNER, testWithFiles as test, upload } from './testing.ts';

test('a folder cannot be moved into itself or below itself, also by moves at the same time', async ({
  files,
}) => {
  const a = await createFolder(files, { ...OWNER, parentId: null, name: 'a' });
  const b = await createFolder(files, { ...OWNER, parentId: a.id, name: 'b' });
  const move = (id: string, parentId: string | null) => moveFile(files, { ...OWNER, id, parentId });
  await expect(move(a.id, a.id)).rejects.toThrow('into itself');
  await expect(move(a.id, b.id)).rejects.toThrow('into itself');

  await move(b.id, null);
  const ends = await Promise.allSettled([move(a.id, b.id), move(b.id, a.id)]);
  expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test('folders have a greatest depth, by creation and by moves', async ({ files }) => {
  const chain = async (length: number) => {
    let parentId: string | null = null;
    const ids: string[] = [];
    for (let n = 0; n < length; n++) {
      ({ id: parentId } = await createFolder(files, { ...OWNER, parentId, name: `f${n}` }));
      ids.push(parentId);
    }
    return ids;
  };
  files.limits.quotaEntries = 100;
  const deep = await chain(FOLDER_DEPTH_MAX);
  const parentId = deep.at(-1) ?? '';
  await expect(createFolder(files, { ...OWNER, parentId, name: 'x' })).rejects.toThrow('16 deep');
  const [pair = ''] = await chain(2);
  await expect(moveFile(files, { ...OWNER, id: pair, parentId })).rejects.toThrow('16 deep');
  const parent = deep.at(-3) ?? '';
  expect(await moveFile(files, { ...OWNER, id: pair, parentId: parent })).toMatchObject({
    parentId: parent,
  });
  const file = await upload(files, { parentId });
  expect(file.parentId).toBe(parentId);
});

test('a renamed file keeps its extension, and is read under its new name alone', async ({
  files,
}) => {
  const { id, accessKey } = await upload(files);
  const renamed = await renameFile(files, { ...OWNER, id, name: '../b c.txt' });
  expect(renamed.name).toBe('b c.txt');
  await expect(renameFile(files, { ...OWNER, id, name: 'b.html' })).rejects.toThrow('".txt"');
  const found = (name: string) => findFile(files, { accessKey: accessKey ?? '', name });
  expect([await found('a.txt'), (await found('b c.txt'))?.id]).toEqual([null, id]);
});

test('a new access key revokes the former one', async ({ files }) => {
  const { id, name, accessKey } = await upload(files);
  const rotated = await rotateAccessKey(files, { ...OWNER, id });
  expect(await findFile(files, { accessKey: accessKey ?? '', name })).toBeNull();
  expect((await findFile(files, { accessKey: rotated.accessKey ?? '', name }))?.id).toBe(id);
});

test('a deleted folder takes everything below it, and nothing else', async ({
  files,
  objects,
  usage,
}) => {
  const { id } = await createFolder(files, { ...OWNER, parentId: null, name: 'a' });
  const inner = await createFolder(files, { ...OWNER, parentId: id, name: 'b' });
  const { accessKey, name } = await upload(files, { parentId: inner.id, name: 'deep.txt' });
  await upload(files, { parentId: id });
  await upload(files, { name: 'kept.txt', sizeBytes: 70 });
  await upload(files, { owner: NEIGHBOUR });

  expect(await deleteFile(files, { ...OWNER, id })).toBe(4);
  expect(await objects()).toHaveLength(2);
  expect(await findFile(files, { accessKey: accessKey ?? '', name })).toBeNull();
  expect(await usage()).toEqual({ counted: '70 in 1', actual: '70 in 1' });
  await expect(deleteFile(files, { ...OWNER, id })).rejects.toThrow('no such file or folder');
});

test('a storage that fails keeps a deleted file unreadable, and its object goes later', async ({
  db,
  files,
  objects,
  usage,
}) => {
  const { id, accessKey, name } = await upload(files);
  const failing = { ...files.storage, delete: () => Promise.reject(new Error('away')) };
  await expect(deleteFile({ db, storage: failing }, { ...OWNER, id })).resolves.toBe(1);
  expect(await findFile(files, { accessKey: accessKey ?? '', name })).toBeNull();
  expect(await usage()).toEqual({ counted: '10 in 1', actual: '10 in 1' });
  await db.sql`update stray_objects set due_at = now()`;
  await sweepStrayObjects(files);
  expect(await objects()).toEqual([]);
  expect(await usage()).toEqual({ counted: '0 in 0', actual: '0 in 0' });
});

test('an expired file is unreadable at once, and deleted later', async ({
  db,
  files,
  objects,
  usage,
}) => {
  files.limits.keptDays = 7;
  const { id, accessKey, name, expiresAt, createdAt } = await upload(files);
  expect((expiresAt ?? 0n) - createdAt).toBe(7n * 86_400_000_000n);
  await db.sql`update file_entries set expires_at = now()`;
  expect(await findFile(files, { accessKey: accessKey ?? '', name })).toBeNull();
  await expect(readFileEntry(files, { ...OWNER, id })).rejects.toThrow('no such file');
  const page = { ...OWNER, parentId: null, start: 0, limit: 20, order: 'ASC' } as const;
  expect((await listFiles(files, page)).total).toBe(0);

  expect(await deleteExpiredFiles(files)).toBe(1);
  expect(await sweepStrayObjects(files)).toBe(1);
  expect(await objects()).toEqual([]);
  expect(await usage()).toEqual({ counted: '0 in 0', actual: '0 in 0' });
});

test('a project reaches no file of another, by any call', async ({ files }) => {
  const { id } = await upload(files);
  const folder = await createFolder(files, { ...OWNER, parentId: null, name: 'a' });
  const own = await upload(files, { owner: NEIGHBOUR });
  const calls = [
    () => readFileEntry(files, { ...NEIGHBOUR, id }),
    () => deleteFile(files, { ...NEIGHBOUR, id }),
    () => renameFile(files, { ...NEIGHBOUR, id, name: 'b.txt' }),
    () => moveFile(files, { ...NEIGHBOUR, id, parentId: null }),
    () => moveFile(files, { ...NEIGHBOUR, id: own.id, parentId: folder.id }),
    () => rotateAccessKey(files, { ...NEIGHBOUR, id }),
    () => createFolder(files, { ...NEIGHBOUR, parentId: folder.id, name: 'x' }),
    () => upload(files, { owner: NEIGHBOUR, parentId: folder.id }),
    () => resolveFile({ ...files, baseUrls: [] }, { ...NEIGHBOUR, reference: id }),
  ];
  for (const call of calls) await expect(call()).rejects.toThrow('There is no such');
});

test('a file is found by its id, or by its URL on this server', async ({ files }) => {
  const { id, accessKey } = await upload(files, { name: 'ü b.txt' });
  const ctx = { ...files, baseUrls: ['https://api.example/v1'] };
  const resolve = (reference: string) => resolveFile(ctx, { ...OWNER, reference });
  const path = `/v1/File/${accessKey}/%C3%BC%20b.txt`;
  expect((await resolve(id))?.id).toBe(id);
  expect((await resolve(`https://api.example${path}`))?.id).toBe(id);
  expect(
    (
      await resolve(
        `https://api.example${path.toLowerCase().replace(accessKey?.toLowerCase() ?? '', accessKey ?? '')}`,
      )
    )?.id,
  ).toBe(id);
  for (const foreign of [`https://api.example.org${path}`, 'https://api.example/x', 'a.txt', '']) {
    expect(await resolve(foreign)).toBeNull();
  }
  for (const missing of [`${path}x`, `${path}/x`, '/v1/file/x/%ff']) {
    await expect(resolve(`https://api.example${missing}`)).rejects.toThrow('no such file');
  }
});
