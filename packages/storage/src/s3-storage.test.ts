import { inspect } from 'node:util';

import { CreateMultipartUploadCommand } from '@aws-sdk/client-s3';
import { findS3Server } from '@runfleet/testing';
import { afterAll, beforeAll, describe, expect, test as base } from 'vitest';

import type { ObjectStorage } from './object-storage.ts';
import { probeStorage } from './probe-storage.ts';
import { openS3Storage } from './s3-storage.ts';
import { testStorageLaws } from './storage-laws.ts';
import {
  createBucket,
  CREDENTIALS,
  optionsFor,
  s3Client,
  startWeed,
  uploadsIn,
} from './testing.ts';

const PROGRAM = findS3Server();
const bucket = 'laws';
let server: Awaited<ReturnType<typeof startWeed>> | null = null;
const options = () => ({ ...optionsFor(server?.endpoint ?? ''), bucket });

describe.skipIf(PROGRAM === null)('on a real S3 server (skipped without `weed`)', () => {
  beforeAll(async () => {
    server = await startWeed(PROGRAM ?? '');
    await createBucket(options());
  });
  afterAll(() => server?.[Symbol.asyncDispose]());

  const test = base.extend<{ storage: ObjectStorage }>({
    storage: async ({}, use) => {
      await using storage = openS3Storage(options());
      await use(storage);
      for await (const page of storage.list('')) {
        for (const { key } of page) await storage.delete(key);
      }
    },
  });

  testStorageLaws(test);

  test('no failed put has left parts', async ({ storage }) => {
    async function* failing() {
      yield Buffer.alloc(12 * 1024 * 1024);
      throw new Error('the client is gone');
    }
    const put = storage.put('a', failing(), { contentType: 'text/plain', bytesMax: 1e9 });
    await expect(put).rejects.toThrow('the client is gone');

    expect(await uploadsIn(options())).toEqual([]);
  });

  test('the parts of a put whose process died are removed', async ({ storage }) => {
    const client = s3Client(options());
    await client.send(new CreateMultipartUploadCommand({ Bucket: bucket, Key: 'a' }));
    await storage.deleteUnfinished(60_000);
    expect(await uploadsIn(options())).toEqual(['a']);

    await storage.deleteUnfinished(-60_000);
    expect(await uploadsIn(options())).toEqual([]);
  });

  test('a presigned URL reads the object as told, until it expires', async ({ storage }) => {
    await using reachable = openS3Storage({ ...options(), publicEndpoint: server?.endpoint });
    await reachable.put('a/b', Buffer.from('x'), { contentType: 'text/plain', bytesMax: 1 });
    const asked = { contentType: 'image/png', contentDisposition: 'attachment; filename="b.png"' };
    const url = (await reachable.presign('a/b', { ...asked, expiresSeconds: 9_999 })) ?? '';

    expect(new URL(url).searchParams.get('X-Amz-Expires')).toBe('300');
    const answer = await fetch(url);
    expect(await answer.text()).toBe('x');
    expect(answer.headers.get('content-type')).toBe('image/png');
    expect(answer.headers.get('content-disposition')).toBe(asked.contentDisposition);
    expect((await fetch(url.replace('a/b', 'a/c'))).status).toBe(403);
    expect(await storage.presign('a/b', { ...asked, expiresSeconds: 1 })).toBeNull();
  });

  test.for([
    ['the secret', { credentials: { ...CREDENTIALS, secretAccessKey: 'wrong' } }],
    ['the key', { credentials: { ...CREDENTIALS, accessKeyId: 'wrong' } }],
  ] as const)('%s that is wrong is reported without it', async ([, wrong]) => {
    await using storage = openS3Storage({ ...options(), ...wrong });
    const error = await probeStorage(storage).catch((caught: unknown) => caught);

    expect(error).toMatchObject({
      kind: 'unavailable',
      cause: { message: expect.stringContaining('Correct S3_ACCESS_KEY_ID') },
    });
    expect(inspect(error, { depth: 10 })).not.toContain(CREDENTIALS.secretAccessKey);
  });

  test('a missing bucket is reported with its name', async () => {
    await using storage = openS3Storage({ ...options(), bucket: 'missing' });

    await expect(storage.get('a')).rejects.toMatchObject({
      kind: 'unavailable',
      cause: { message: expect.stringContaining('has no bucket missing. Create it') },
    });
  });
});
