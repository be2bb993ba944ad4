import { Readable } from 'node:stream';

import {
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

import { boundedBody } from './bounded-body.ts';
import { ObjectRangeError } from './object-errors.ts';
import { splitObjectKey } from './object-key.ts';
import {
  type ObjectBody,
  type ObjectStorage,
  PRESIGNED_SECONDS_MAX,
  type PutOptions,
} from './object-storage.ts';
import { abortOldUploads } from './s3/abort-old-uploads.ts';
import { listBucket } from './s3/list-bucket.ts';
import { readableOf, sizeOfWhole } from './s3/read-answer.ts';
import { codeOf, isMissing, unavailable } from './s3/s3-errors.ts';
import type { S3Options } from './s3/s3-options.ts';

const CONNECT_MS = 5_000;
const SILENCE_MS = 30_000;
/** The SDK retries what may be repeated: a lost connection, a 5xx, a 429. */
const TRIES = 3;
const PART_BYTES_MIN = 5 * 1024 * 1024;
const PARTS_MAX = 10_000;

/**
 * Objects in a bucket of S3, or of a server that speaks its protocol. A body larger than a part is a
 * multipart upload, which becomes visible when it is complete; one part is in memory at a time.
 */
export function openS3Storage(options: S3Options): ObjectStorage {
  const { bucket: Bucket } = options;
  const client = clientFor(options, options.endpoint);
  const publicClient = options.publicEndpoint ? clientFor(options, options.publicEndpoint) : null;
  const at = (key: string) => ({ Bucket, Key: splitObjectKey(key).join('/') });
  const refused = (error: unknown) => unavailable(error, options);

  const stat: ObjectStorage['stat'] = async (key) => {
    const found = await client.send(new HeadObjectCommand(at(key))).catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw refused(error);
    });
    if (found === null) return null;
    return { sizeBytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? new Date(0) };
  };

  const deleteAll = async (keys: readonly string[]) => {
    const Objects = keys.map((Key) => ({ Key }));
    const answer = await client
      .send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }))
      .catch((error: unknown) => {
        throw refused(error);
      });
    const [failure] = answer.Errors ?? [];
    if (failure) throw refused(new Error(failure.Message ?? failure.Code));
  };

  return {
    async put(key, body, limits) {
      return putObject({ client, refused }, at(key), body, limits);
    },

    async get(key, range) {
      const Range = range && `bytes=${range.first}-${range.last}`;
      const command = new GetObjectCommand({ ...at(key), Range });
      const answer = await client.send(command).catch((error: unknown) => {
        if (isMissing(error)) return null;
        if (codeOf(error) === 'InvalidRange') return 'no such range';
        throw refused(error);
      });
      if (answer === null) return null;
      if (answer === 'no such range') {
        const found = await stat(key);
        if (found === null) return null;
        throw new ObjectRangeError(found.sizeBytes);
      }
      const sizeBytes = sizeOfWhole(answer);
      const body = readableOf(answer, refused);
      if (range === undefined || answer.ContentRange !== undefined) return { body, sizeBytes };
      body.destroy();
      // Some servers answer with an empty object instead of refusing the range.
      if (range.first >= sizeBytes) throw new ObjectRangeError(sizeBytes);
      throw refused(new Error('The server ignores ranges.'));
    },

    stat,

    async delete(key) {
      await client.send(new DeleteObjectCommand(at(key))).catch((error: unknown) => {
        if (!isMissing(error)) throw refused(error);
      });
    },

    async deletePrefix(prefix) {
      const { Key } = at(prefix);
      for await (const page of listBucket({ client, Bucket, refused }, `${Key}/`)) {
        await deleteAll(page.map(({ key }) => key));
      }
    },

    async *list(prefix) {
      const Prefix = prefix === '' ? '' : `${at(prefix).Key}/`;
      yield* listBucket({ client, Bucket, refused }, Prefix);
    },

    deleteUnfinished: (ageMs) =>
      abortOldUploads({ client, Bucket, refused }, new Date(Date.now() - ageMs)),

    async presign(key, { expiresSeconds, contentType, contentDisposition }) {
      const command = new GetObjectCommand({
        ...at(key),
        ResponseContentType: contentType,
        ResponseContentDisposition: contentDisposition,
      });
      const expiresIn = Math.min(expiresSeconds, PRESIGNED_SECONDS_MAX);
      return publicClient && getSignedUrl(publicClient, command, { expiresIn });
    },

    async [Symbol.asyncDispose]() {
      client.destroy();
      publicClient?.destroy();
    },
  };
}

function clientFor(options: S3Options, endpoint: string | undefined): S3Client {
  const { region, credentials, isPathStyle, silenceMs = SILENCE_MS } = options;
  return new S3Client({
    region,
    forcePathStyle: isPathStyle,
    maxAttempts: TRIES,
    requestHandler: { connectionTimeout: CONNECT_MS, socketTimeout: silenceMs },
    // Many servers that speak this protocol do not know the newer checksums.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...(endpoint && { endpoint }),
    ...(credentials && { credentials }),
  });
}

async function putObject(
  { client, refused }: { client: S3Client; refused: (error: unknown) => Error },
  place: { Bucket: string; Key: string },
  body: ObjectBody,
  limits: PutOptions,
): Promise<{ sizeBytes: number }> {
  let sizeBytes = 0;
  let bodyFailure: { error: unknown } | null = null;
  async function* counted() {
    try {
      for await (const chunk of boundedBody(body, limits)) {
        sizeBytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      bodyFailure = { error };
      throw error;
    }
  }
  const upload = new Upload({
    client,
    params: { ...place, Body: Readable.from(counted()), ContentType: limits.contentType },
    partSize: Math.max(PART_BYTES_MIN, Math.ceil(limits.bytesMax / PARTS_MAX)),
    // With two, a failed part would be noticed only after the other has sent the rest of the body.
    queueSize: 1,
  });
  try {
    await upload.done();
    return { sizeBytes };
  } catch (error) {
    // The compiler does not see that the generator assigns it.
    const failure = bodyFailure as { error: unknown } | null;
    throw failure === null ? refused(error) : failure.error;
  }
}
