import { zipOf } from '@runfleet/file-formats/testing';
import { expect } from 'vitest';

import { listFiles } from './read-files.ts';
import { storeFile } from './store-file.ts';
import { bytes, OWNER, testWithFiles } from './testing.ts';
import { Upload } from './upload.ts';

const test = testWithFiles.extend('store', ({ files }) => {
  files.limits.fileBytesMax = 100_000;
  files.limits.quotaBytes = 1_000_000;
  return async (name: string, content: Uint8Array | AsyncIterable<Uint8Array>) => {
    const body = content instanceof Uint8Array ? parts(content) : content;
    await using upload = await Upload.open(files, { ...OWNER, sizeBytes: null });
    await storeFile(upload, { name, body });
    return await upload.commit({ ...OWNER, parentId: null });
  };
});

async function* parts(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += 100) yield content.subarray(at, at + 100);
}

const namesIn = async (files: Parameters<typeof listFiles>[0], parentId: string | null) => {
  const page = { ...OWNER, parentId, start: 0, limit: 100, order: 'ASC' } as const;
  return (await listFiles(files, page)).entries;
};

test('a zip archive becomes a folder of its files, and is not kept', async ({
  files,
  store,
  objects,
}) => {
  const archive = zipOf([
    { name: 'readme.md', data: '# Hello' },
    { name: 'data/2026/a.csv', data: 'a,b' },
    { name: 'data/2026/b.txt', data: 'b' },
  ]);
  const folder = await store('My inputs.zip', archive);
  expect(folder).toMatchObject({ name: 'My inputs', isFolder: true });
  const top = await namesIn(files, folder.id);
  expect(top.map(({ name, contentType }) => [name, contentType])).toEqual([
    ['data', ''],
    ['readme.md', 'text/markdown'],
  ]);
  const [year] = await namesIn(files, top[0]?.id ?? '');
  const inner = await namesIn(files, year?.id ?? '');
  expect(inner.map(({ name }) => name)).toEqual(['a.csv', 'b.txt']);
  expect(await objects()).toHaveLength(3);
});

test('a zip archive with a file that is not accepted leaves nothing', async ({
  files,
  store,
  objects,
  usage,
}) => {
  const archive = zipOf([
    { name: 'a.txt', data: 'a' },
    { name: 'run.exe', data: 'MZ' },
  ]);
  await expect(store('a.zip', archive)).rejects.toThrow('"run.exe" has no accepted file type');
  expect(await namesIn(files, null)).toEqual([]);
  expect(await objects()).toEqual([]);
  expect(await usage()).toEqual({ counted: '0 in 0', actual: '0 in 0' });
});

test('the files of an archive count in the quota, unpacked', async ({ files, store, objects }) => {
  const archive = zipOf([{ name: 'a.txt', data: 'a'.repeat(50_000) }]);
  files.limits.quotaBytes = 49_999;
  await expect(store('a.zip', archive)).rejects.toThrow('There is no room');
  files.limits.quotaBytes = 50_000;
  files.limits.quotaEntries = 1;
  await expect(store('a.zip', archive)).rejects.toThrow('There is no room');
  files.limits.quotaEntries = 2;
  await store('a.zip', archive);
  expect(await objects()).toHaveLength(1);
});

test.for([
  ['a file that lies about its type', 'a.png', Buffer.from('<svg/>'), 'not a png file'],
  ['an archive that is none', 'a.zip', Buffer.from('PK\u0003\u0004x'), 'not a zip archive'],
  ['a document that is none', 'a.docx', zipOf([{ name: 'a.txt', data: 'a' }]), 'not a docx'],
  ['a text that is none', 'a.txt', Buffer.from([65, 0, 66]), '"a.txt"'],
  ['a file without a type', 'a', Buffer.from('a'), 'no accepted file type'],
] as const)(
  '%s is refused and leaves nothing',
  async ([, name, content, message], { store, objects }) => {
    await expect(store(name, content)).rejects.toThrow(message);
    expect(await objects()).toEqual([]);
  },
);

test('an archive larger than a file may be is refused', async ({ files, store }) => {
  files.limits.fileBytesMax = 1_000;
  async function* large() {
    yield Buffer.from('PK\u0003\u0004');
    yield* bytes(2_000);
  }
  await expect(store('a.zip', large())).rejects.toThrow('1000 bytes');
});
