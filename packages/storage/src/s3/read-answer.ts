import { PassThrough, Readable } from 'node:stream';

import type { GetObjectCommandOutput } from '@aws-sdk/client-s3';

/** The size of the object, also if the answer is a range of it. */
export function sizeOfWhole({ ContentRange, ContentLength }: GetObjectCommandOutput): number {
  const total = ContentRange?.slice(ContentRange.lastIndexOf('/') + 1);
  return total === undefined ? (ContentLength ?? 0) : Number(total);
}

/** The answer's bytes. The stream fails if the connection breaks off before their end. */
export function readableOf(
  { Body }: GetObjectCommandOutput,
  refused: (error: unknown) => Error,
): Readable {
  if (!(Body instanceof Readable)) return Readable.from([]);
  const body = new PassThrough();
  Body.on('error', (error) => body.destroy(refused(error)));
  body.on('close', () => Body.destroy());
  Body.pipe(body);
  return body;
}
