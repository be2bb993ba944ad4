import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import type { RunfleetError } from '@runfleet/protocol';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { openZip, type OpenZip } from './open-zip.ts';
import { ZIP_LIMITS, type ZipLimits } from './zip-limits.ts';
import { type ZipPart, zipOf } from './zip-of.ts';

const LINK = 0o120_777;
const MEGABYTE = 1024 * 1024;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zip-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function open(bytes: Uint8Array, limits: Partial<ZipLimits> = {}): Promise<OpenZip> {
  const path = join(folder, 'archive.zip');
  await writeFile(path, bytes);
  return openZip(path, { ...ZIP_LIMITS, ...limits });
}

const refusalOf = (bytes: Uint8Array, limits?: Partial<ZipLimits>): Promise<unknown> =>
  open(bytes, limits).then(
    () => 'opened',
    (error: unknown) => error,
  );

test('files are returned with their folders, sizes and bytes', async () => {
  await using zip = await open(
    zipOf([
      { name: 'notes/' },
      { name: 'notes/März.txt', data: 'packed '.repeat(1_000) },
      { name: 'stored.txt', data: 'stored', isStored: true },
      { name: 'empty.txt' },
    ]),
  );

  expect(zip.files.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual([
    [['notes', 'März.txt'], 7_000],
    [['stored.txt'], 6],
    [['empty.txt'], 0],
  ]);
  const texts = [];
  for (const file of zip.files) texts.push(await text(await file.open()));
  expect(texts).toEqual(['packed '.repeat(1_000), 'stored', '']);
});

test('what macOS and Windows add is left out', async () => {
  const names = ['a.txt', '__MACOSX/._a.txt', '.DS_Store', 'b/.DS_Store', 'b/Thumbs.db'];
  await using zip = await open(zipOf(names.map((name) => ({ name, data: 'x' }))));

  expect(zip.files.map(({ path }) => path)).toEqual([['a.txt']]);
});

test('an archive in an archive is a file', async () => {
  const inner = zipOf([{ name: 'a.txt', data: 'x' }]);
  await using zip = await open(zipOf([{ name: 'inner.zip', data: inner }]));

  expect(zip.files).toMatchObject([{ path: ['inner.zip'], sizeBytes: inner.byteLength }]);
});

test.for<[string, ZipPart[], string]>([
  ['a parent path', [{ name: '../a.txt' }], '"." or ".." part'],
  ['a parent path inside', [{ name: 'a/../../b.txt' }], '"." or ".." part'],
  ['a dot path', [{ name: './a.txt' }], '"." or ".." part'],
  ['an empty part', [{ name: 'a//b.txt' }], 'an empty'],
  ['an empty name', [{ name: '' }], 'an empty'],
  ['an absolute path', [{ name: '/etc/passwd' }], 'absolute path'],
  ['a drive letter', [{ name: 'C:/a.txt' }], 'drive letter'],
  ['a drive letter without a slash', [{ name: 'c:a.txt' }], 'drive letter'],
  ['a backslash', [{ name: '..\\a.txt' }], 'backslash'],
  ['a NUL', [{ name: 'a.txt\0.png' }], 'control character'],
  ['a line break', [{ name: 'a\n.txt' }], 'control character'],
  ['a symbolic link', [{ name: 'a', data: '/etc/passwd', mode: LINK }], 'a link or a device'],
  ['a device', [{ name: 'a', mode: 0o020_666 }], 'a link or a device'],
  ['a link that is a folder', [{ name: 'a/', mode: LINK }], 'a link or a device'],
  ['a name twice', [{ name: 'a.txt' }, { name: 'a.txt' }], 'is in it twice'],
  ['names that differ in case', [{ name: 'a.txt' }, { name: 'A.TXT' }], 'is in it twice'],
  ['names that differ in form', [{ name: 'ä' }, { name: 'ä' }], 'is in it twice'],
  ['a file in a file', [{ name: 'a' }, { name: 'a/b' }], 'is inside of a file'],
  ['a file with the name of a folder', [{ name: 'a/b' }, { name: 'a' }], 'a file and a folder'],
  ['an encrypted file', [{ name: 'a', flags: 1 }], 'is encrypted'],
  ['strong encryption', [{ name: 'a', flags: 0x41 }], 'strong encryption'],
  ['an unknown compression', [{ name: 'a', method: 93 }], 'other than deflate'],
  ['a long name', [{ name: `${'ä'.repeat(128)}.txt` }], 'more than 255 bytes'],
  ['many folders', [{ name: `${'a/'.repeat(11)}b` }], 'more than 10 folders'],
  ['no files', [{ name: 'a/' }], 'contains no files'],
  ['nothing', [], 'contains no files'],
  [
    'a file that claims to be too large',
    [{ name: 'a', data: 'x', claimedBytes: 101 * MEGABYTE }],
    `more than ${100 * MEGABYTE} bytes`,
  ],
  [
    'entries that share their bytes',
    [
      { name: 'a', data: 'x'.repeat(1_000) },
      { name: 'b', data: 'x'.repeat(1_000), sharesWith: 0 },
    ],
    'overlapping entries',
  ],
])('an archive with %s is refused', async ([, parts, reason]) => {
  expect(await refusalOf(zipOf(parts))).toMatchObject({
    kind: 'invalid_request',
    message: expect.stringContaining(reason),
  });
});

test('entries inside of the bytes of another are refused', async () => {
  const inner = zipOf([{ name: 'b', data: 'x' }]);
  const outer = zipOf([{ name: 'a', data: inner, isStored: true }, { name: 'b' }]);
  // The directory's second entry now points to the header inside of the first entry's bytes.
  outer.writeUInt32LE(30 + 1, outer.byteLength - 22 - 1 - 4);

  expect(await refusalOf(outer)).toMatchObject({
    message: expect.stringContaining('overlapping entries'),
  });
});

test('an archive may have exactly its limits', async () => {
  const parts = ['a', 'b', 'c'].map((name) => ({ name, data: 'x'.repeat(1_000) }));
  const bytes = zipOf(parts);
  const limits = { entries: 3, fileBytes: 1_000, totalBytes: 3_000 };
  await (await open(bytes, limits))[Symbol.asyncDispose]();

  const reasons = await Promise.all([
    refusalOf(bytes, { entries: 2 }),
    refusalOf(bytes, { fileBytes: 999 }),
    refusalOf(bytes, { totalBytes: 2_999 }),
    refusalOf(bytes, { ratioFreeBytes: 2_999, ratio: 3 }),
  ]);
  expect(reasons.map((reason) => (reason as Error).message)).toEqual([
    expect.stringContaining('more than 2 files and folders'),
    expect.stringContaining('more than 999 bytes'),
    expect.stringContaining('more than 2999 bytes'),
    expect.stringContaining('more than 3 times its size'),
  ]);
});

test('10,000 files are opened, and 10,001 are refused', async () => {
  const parts = Array.from({ length: 10_001 }, (_, n) => ({ name: `d${n % 100}/${n}`, data: 'x' }));
  await using zip = await open(zipOf(parts.slice(1)));

  expect(zip.files).toHaveLength(10_000);
  expect(await refusalOf(zipOf(parts))).toMatchObject({
    message: expect.stringContaining('more than 10000 files'),
  });
});

test('an archive of zeros is refused by its ratio before it is unpacked', async () => {
  const bytes = zipOf([{ name: 'zeros', data: Buffer.alloc(50 * MEGABYTE) }]);

  expect(bytes.byteLength).toBeLessThan(60_000);
  expect(await refusalOf(bytes)).toMatchObject({
    message: expect.stringContaining('more than 100 times its size'),
  });
});

test.for<[string, Buffer]>([
  ['text', Buffer.from('no archive')],
  ['empty', Buffer.of()],
  ['truncated', zipOf([{ name: 'a', data: 'x'.repeat(100) }]).subarray(0, 60)],
  ['without its first half', zipOf([{ name: 'a', data: 'x'.repeat(100) }]).subarray(20)],
])('a file that is %s is refused as an archive', async ([, bytes]) => {
  expect(await refusalOf(bytes)).toMatchObject({
    kind: 'invalid_request',
    message: expect.stringMatching(/damaged|truncated/),
  });
});

test.for<[string, Partial<ZipPart>]>([
  ['more bytes than it claims', { claimedBytes: 10 }],
  ['fewer bytes than it claims', { claimedBytes: 1_000_000 }],
  ['another checksum', { claimedChecksum: 7 }],
])('reading a file that has %s fails', async ([, lie]) => {
  await using zip = await open(zipOf([{ name: 'a', data: 'x'.repeat(100_000), ...lie }]));

  const [file] = zip.files;
  const read = async () => file && text(await file.open());
  await expect(read()).rejects.toThrow('The zip archive is damaged: "a" cannot be read.');
});

test('a bomb that hides its size is cut at the size that it claims', async () => {
  const bytes = zipOf([{ name: 'a', data: Buffer.alloc(200 * MEGABYTE), claimedBytes: 1_000 }]);
  await using zip = await open(bytes);
  const [file] = zip.files;
  let read = 0;
  const consume = async () => {
    for await (const chunk of (await file?.open()) ?? []) read += (chunk as Buffer).byteLength;
  };

  await expect(consume()).rejects.toThrow('damaged');
  expect(read).toBeLessThanOrEqual(1_000);
});

test('a reader that leaves in the middle does no harm', async () => {
  await using zip = await open(zipOf([{ name: 'a', data: Buffer.alloc(5 * MEGABYTE) }]));
  const [file] = zip.files;
  for await (const chunk of (await file?.open()) ?? []) if (chunk) break;

  const again = file && (await text(await file.open()));
  expect(again?.length).toBe(5 * MEGABYTE);
});

test('an archive with changed bytes is opened or refused, and nothing else', async () => {
  const bytes = zipOf([
    { name: 'a/b.txt', data: 'x'.repeat(500) },
    { name: 'c.txt', data: 'stored', isStored: true },
  ]);
  const change = fc.record({ at: fc.nat(bytes.byteLength - 1), to: fc.nat(255) });
  await fc.assert(
    fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 4 }), async (changes) => {
      const changed = Buffer.from(bytes);
      for (const { at, to } of changes) changed[at] = to;
      const outcome = await readAll(changed).catch((error: RunfleetError) => error.kind);
      expect(['opened', 'invalid_request']).toContain(outcome);
    }),
    { numRuns: 200 },
  );
});

async function readAll(bytes: Uint8Array): Promise<string> {
  await using zip = await open(bytes);
  for (const file of zip.files) await text(await file.open());
  return 'opened';
}
