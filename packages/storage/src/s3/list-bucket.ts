import { ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';

import { isObjectKey } from '../object-key.ts';
import { LIST_PAGE_OBJECTS, type ListedObject } from '../object-storage.ts';

export type Bucket = { client: S3Client; Bucket: string; refused: (error: unknown) => Error };

/** The objects whose keys begin with `Prefix`. Keys that others wrote in another form are left out. */
export async function* listBucket(
  { client, Bucket, refused }: Bucket,
  Prefix: string,
): AsyncGenerator<readonly ListedObject[]> {
  let ContinuationToken: string | undefined;
  do {
    const page = await client
      .send(
        new ListObjectsV2Command({ Bucket, Prefix, ContinuationToken, MaxKeys: LIST_PAGE_OBJECTS }),
      )
      .catch((error: unknown) => {
        throw refused(error);
      });
    const objects = (page.Contents ?? [])
      .map(({ Key = '', Size = 0, LastModified = new Date(0) }) => ({
        key: Key,
        sizeBytes: Size,
        modifiedAt: LastModified,
      }))
      .filter(({ key }) => isObjectKey(key));
    if (objects.length > 0) yield objects;
    ContinuationToken = page.NextContinuationToken;
  } while (ContinuationToken !== undefined);
}
