import {
  AbortMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandOutput,
} from '@aws-sdk/client-s3';

import type { Bucket } from './list-bucket.ts';
import { codeOf } from './s3-errors.ts';

/** Ends the multipart uploads that began before `before`, and frees their parts. */
export async function abortOldUploads(
  { client, Bucket, refused }: Bucket,
  before: Date,
): Promise<void> {
  let KeyMarker: string | undefined;
  let UploadIdMarker: string | undefined;
  try {
    do {
      const page: ListMultipartUploadsCommandOutput = await client.send(
        new ListMultipartUploadsCommand({ Bucket, KeyMarker, UploadIdMarker }),
      );
      for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
        if (Initiated === undefined || Initiated >= before) continue;
        const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
        await client.send(abort).catch((error: unknown) => {
          // It ended in between.
          if (codeOf(error) !== 'NoSuchUpload') throw error;
        });
      }
      KeyMarker = page.IsTruncated ? page.NextKeyMarker : undefined;
      UploadIdMarker = page.NextUploadIdMarker;
    } while (KeyMarker !== undefined);
  } catch (error) {
    throw refused(error);
  }
}
