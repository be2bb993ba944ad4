import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

import { expect, type TestAPI } from 'vitest';

import { ObjectKeyError, ObjectRangeError, ObjectTooLargeError } from './object-errors.ts';
import type { ObjectBody, ObjectStorage } from './object-storage.ts';
import { probeStorage } from './probe-storage.ts';

/** More than a part of a multipart upload, so that an object of this size has several. */
const SEVERAL_PARTS_BYTES = 12 * 1024 * 1024;
const HUNDRED_MEGABYTES = 100 * 1024 * 1024;
const CHUNK_BYTES = 64 * 1024;

/** The laws of ObjectStorage, as tests. Every driver's test calls this with its own fixture. */
export function testStorageLaws(test: TestAPI<{ storage: ObjectStorage }>): void {
  // First, because memory that other laws have freed would hide what this one takes.
  test('100 MB in and out add less than 50 MB to the process', async ({ storage }) => {
    await roundTrip(storage, SEVERAL_PARTS_BYTES);
    const before = process.memoryUsage.rss();
    const added = (await roundTrip(storage, HUNDRED_MEGABYTES)) - before;

    expect(added).toBeLessThan(HUNDRED_MEGABYTES / 2);
  });

  test('an object that was put is returned, with its size', async ({ storage }) => {
    expect(await put(storage, 'tasks/7/0.txt', Buffer.from('Grüße'))).toEqual({ sizeBytes: 7 });

    expect(await textOf(storage, 'tasks/7/0.txt')).toBe('Grüße');
    expect(await storage.stat('tasks/7/0.txt')).toMatchObject({ sizeBytes: 7 });
  });

  test('an empty object is an object', async ({ storage }) => {
    await put(storage, 'empty', Readable.from([]));

    expect(await storage.stat('empty')).toMatchObject({ sizeBytes: 0 });
    expect(await textOf(storage, 'empty')).toBe('');
  });

  test('a streamed object of several parts is returned byte by byte', async ({ storage }) => {
    await put(storage, 'large', numbered(SEVERAL_PARTS_BYTES));

    const object = await storage.get('large');
    expect(object?.sizeBytes).toBe(SEVERAL_PARTS_BYTES);
    const read = await buffer(object?.body ?? Readable.from([]));
    expect(read.equals(await buffer(numbered(SEVERAL_PARTS_BYTES)))).toBe(true);
  });

  test.for([
    ['of the first byte', 0, 0, '0'],
    ['in the middle', 2, 4, '234'],
    ['to after the end', 7, 999, '789'],
    ['of everything', 0, 9, '0123456789'],
  ] as const)('a range %s is returned', async ([, first, last, text], { storage }) => {
    await put(storage, 'a', Buffer.from('0123456789'));

    const object = await storage.get('a', { first, last });
    expect(object?.sizeBytes).toBe(10);
    expect(String(await buffer(object?.body ?? Readable.from([])))).toBe(text);
  });

  test('a range that begins after the end is refused with the size', async ({ storage }) => {
    await put(storage, 'a', Buffer.from('0123456789'));
    await put(storage, 'empty', Buffer.of());

    const error = await storage
      .get('a', { first: 10, last: 11 })
      .catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(ObjectRangeError);
    expect(error).toMatchObject({ sizeBytes: 10 });
    await expect(storage.get('empty', { first: 0, last: 0 })).rejects.toThrow(ObjectRangeError);
    expect(await storage.get('missing', { first: 10, last: 11 })).toBeNull();
  });

  test('a missing object is null', async ({ storage }) => {
    await put(storage, 'a/b', Buffer.from('x'));

    for (const key of ['c', 'a', 'a/b/c']) {
      expect(await storage.get(key)).toBeNull();
      expect(await storage.stat(key)).toBeNull();
    }
  });

  test('a second put replaces the object', async ({ storage }) => {
    await put(storage, 'a', Buffer.from('old'));
    await put(storage, 'a', Buffer.from('newer'));

    expect(await textOf(storage, 'a')).toBe('newer');
  });

  test('many writers of one key leave one complete object', async ({ storage }) => {
    const bodies = Array.from({ length: 20 }, (_, n) => String(n % 10).repeat(50_000));
    await Promise.all(bodies.map((body) => put(storage, 'a', Buffer.from(body))));

    expect(bodies).toContain(await textOf(storage, 'a'));
  });

  test.for([
    ['small', 10],
    ['of several parts', SEVERAL_PARTS_BYTES],
  ] as const)('a body that fails, %s, leaves nothing', async ([, bytes], { storage }) => {
    async function* failing() {
      yield* numbered(bytes);
      throw new Error('the client is gone');
    }
    await put(storage, 'a', Buffer.from('old'));

    await expect(put(storage, 'a', failing())).rejects.toThrow('the client is gone');
    expect(await textOf(storage, 'a')).toBe('old');
  });

  test.for([
    ['small', 10],
    ['of several parts', SEVERAL_PARTS_BYTES],
  ] as const)('a body, %s, may have exactly its bound', async ([, bytes], { storage }) => {
    const options = { contentType: 'text/plain', bytesMax: bytes };
    await storage.put('a', numbered(bytes), options);
    expect(await storage.stat('a')).toMatchObject({ sizeBytes: bytes });

    const larger = storage.put('b', numbered(bytes + 1), options);
    await expect(larger).rejects.toThrow(ObjectTooLargeError);
    expect(await storage.stat('b')).toBeNull();
    const whole = storage.put('b', Buffer.alloc(bytes + 1), options);
    await expect(whole).rejects.toThrow(ObjectTooLargeError);
    expect(await storage.stat('b')).toBeNull();
  });

  test('a put that is aborted while its body stalls ends, and leaves nothing', async ({
    storage,
  }) => {
    const abort = new AbortController();
    async function* stalling() {
      yield* numbered(SEVERAL_PARTS_BYTES);
      abort.abort(new Error('too slow'));
      await new Promise(() => {});
    }
    const stored = storage.put('a', stalling(), {
      contentType: 'text/plain',
      bytesMax: SEVERAL_PARTS_BYTES,
      signal: abort.signal,
    });

    await expect(stored).rejects.toThrow('too slow');
    expect(await storage.stat('a')).toBeNull();
  });

  test('a put with an aborted signal stores nothing', async ({ storage }) => {
    const signal = AbortSignal.abort(new Error('already too late'));
    const options = { contentType: 'text/plain', bytesMax: 10, signal };

    await expect(storage.put('a', Buffer.from('x'), options)).rejects.toThrow('already too late');
    expect(await storage.stat('a')).toBeNull();
  });

  test('a reader that leaves in the middle does no harm', async ({ storage }) => {
    await put(storage, 'a', numbered(SEVERAL_PARTS_BYTES));
    const object = await storage.get('a');
    for await (const chunk of object?.body ?? []) {
      if (chunk instanceof Uint8Array) break;
    }

    expect(object?.body.destroyed).toBe(true);
    expect(await storage.stat('a')).toMatchObject({ sizeBytes: SEVERAL_PARTS_BYTES });
  });

  test('delete removes the object, and a second delete succeeds', async ({ storage }) => {
    await put(storage, 'a/b', Buffer.from('x'));
    await put(storage, 'a/c', Buffer.from('y'));
    await storage.delete('a/b');
    await storage.delete('a/b');

    expect(await storage.get('a/b')).toBeNull();
    expect(await textOf(storage, 'a/c')).toBe('y');
  });

  test('delete by prefix removes what is below it and nothing else', async ({ storage }) => {
    const kept = ['a', 'a-b/c', 'ab', 'b/a/c'];
    for (const key of [...kept, 'p/1', 'p/q/2', 'p/q/r/3'])
      await put(storage, key, Buffer.from('x'));
    await storage.deletePrefix('p');
    await storage.deletePrefix('p');
    await storage.deletePrefix('a');

    expect(await keysOf(storage, '')).toEqual(kept.sort());
  });

  test('a listing has every object below its prefix, with its size', async ({ storage }) => {
    const before = Date.now() - 2_000;
    for (const key of ['p/1', 'p/q/2', 'pq/3', 'p.q/4']) await put(storage, key, Buffer.from(key));

    expect(await keysOf(storage, 'p')).toEqual(['p/1', 'p/q/2']);
    expect(await keysOf(storage, 'p/q')).toEqual(['p/q/2']);
    expect(await keysOf(storage, 'missing')).toEqual([]);
    for await (const page of storage.list('p')) {
      for (const { key, sizeBytes, modifiedAt } of page) {
        expect(sizeBytes).toBe(key.length);
        expect(modifiedAt.getTime()).toBeGreaterThanOrEqual(before);
      }
    }
  });

  test('a put that runs is not removed as unfinished', async ({ storage }) => {
    async function* interrupted() {
      yield* numbered(SEVERAL_PARTS_BYTES);
      await storage.deleteUnfinished(60_000);
      yield Buffer.from('end');
    }
    await put(storage, 'a', interrupted());

    expect(await storage.stat('a')).toMatchObject({ sizeBytes: SEVERAL_PARTS_BYTES + 3 });
  });

  test('a probe leaves nothing', async ({ storage }) => {
    await probeStorage(storage);

    expect(await keysOf(storage, '')).toEqual([]);
  });

  test.for([
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
  ] as const)('a key %s is refused by every call', async ([, key], { storage }) => {
    const options = { expiresSeconds: 1, contentType: 'text/plain', contentDisposition: 'inline' };
    await expect(put(storage, key, Buffer.from('x'))).rejects.toThrow(ObjectKeyError);
    await expect(storage.get(key)).rejects.toThrow(ObjectKeyError);
    await expect(storage.stat(key)).rejects.toThrow(ObjectKeyError);
    await expect(storage.delete(key)).rejects.toThrow(ObjectKeyError);
    await expect(storage.deletePrefix(key)).rejects.toThrow(ObjectKeyError);
    await expect(storage.presign(key, options)).rejects.toThrow(ObjectKeyError);
    if (key !== '') await expect(keysOf(storage, key)).rejects.toThrow(ObjectKeyError);
  });
}

function put(storage: ObjectStorage, key: string, body: ObjectBody) {
  return storage.put(key, body, { contentType: 'text/plain', bytesMax: HUNDRED_MEGABYTES });
}

async function textOf(storage: ObjectStorage, key: string): Promise<string | null> {
  const object = await storage.get(key);
  return object === null ? null : (await buffer(object.body)).toString();
}

async function keysOf(storage: ObjectStorage, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const page of storage.list(prefix)) keys.push(...page.map(({ key }) => key));
  return keys.sort();
}

/** Chunks of which each begins with its number, so that lost and repeated chunks are noticed. */
async function* numbered(bytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes; at += CHUNK_BYTES) {
    const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, bytes - at), 7);
    if (chunk.byteLength >= 4) chunk.writeUInt32LE(at);
    yield chunk;
  }
}

/** Writes and reads an object. Returns the largest memory of the process during both. */
async function roundTrip(storage: ObjectStorage, bytes: number): Promise<number> {
  let most = 0;
  const look = () => {
    most = Math.max(most, process.memoryUsage.rss());
  };
  async function* watched() {
    for await (const chunk of numbered(bytes)) {
      look();
      yield chunk;
    }
  }
  await put(storage, 'large', watched());
  let read = 0;
  for await (const chunk of (await storage.get('large'))?.body ?? []) {
    look();
    read += (chunk as Uint8Array).byteLength;
  }
  expect(read).toBe(bytes);
  return most;
}
