import { loadConfig } from '@runfleet/service';
import { expect, test } from 'vitest';
import { z } from 'zod';

import { openStorage } from './open-storage.ts';
import { storageSettings } from './storage-settings.ts';

const schema = z.object(storageSettings);
const asked = { expiresSeconds: 60, contentType: 'text/plain', contentDisposition: 'attachment' };
const KEY = { S3_ACCESS_KEY_ID: 'id', S3_SECRET_ACCESS_KEY: 'secret' };

test.for<[string, Record<string, string>, string | null]>([
  ['no bucket means the folder', { S3_PUBLIC_ENDPOINT: 'https://s3.test' }, null],
  ['a bucket that clients cannot reach has no URLs', { S3_BUCKET: 'files', ...KEY }, null],
  [
    'the bucket is in the host name on AWS',
    { S3_BUCKET: 'files', S3_PUBLIC_ENDPOINT: 'https://s3.eu-west-1.amazonaws.com', ...KEY },
    'https://files.s3.eu-west-1.amazonaws.com/a',
  ],
  [
    'the bucket is in the path of another server',
    {
      S3_BUCKET: 'files',
      S3_ENDPOINT: 'http://inner:9000',
      S3_PUBLIC_ENDPOINT: 'https://s3.test',
      ...KEY,
    },
    'https://s3.test/files/a',
  ],
  [
    'the place of the bucket can be chosen',
    {
      S3_BUCKET: 'files',
      S3_ENDPOINT: 'http://inner:9000',
      S3_PUBLIC_ENDPOINT: 'https://s3.test',
      S3_PATH_STYLE: 'false',
      ...KEY,
    },
    'https://files.s3.test/a',
  ],
])('%s', async ([, env, expected]) => {
  await using storage = await openStorage(loadConfig(schema, env));
  const url = await storage.presign('a', asked);

  expect(url === null ? null : url.slice(0, url.indexOf('?'))).toBe(expected);
  expect(url ?? '').not.toContain('secret');
});

test.for(['S3_ACCESS_KEY_ID', 'S3_SECRET_ACCESS_KEY'] as const)(
  'without %s the other half of the key is refused by name',
  async (name) => {
    const env = { S3_BUCKET: 'files', ...KEY, [name]: '' };
    await expect(openStorage(loadConfig(schema, env))).rejects.toMatchObject({
      mistakes: [{ name, problem: 'is not set' }],
    });
  },
);
