import { Readable } from 'node:stream';

import type { Db } from '@runfleet/db';
import { findFile } from '@runfleet/files';
import type { ObjectStorage } from '@runfleet/storage';

import type { ByteRange } from '../http/read-range.ts';

const ACCESS_KEY_PATTERN = /^[A-Za-z0-9]{30}$/;

/** A file that anyone can read who has its access key: an upload, or what a task left behind. */
export type PublicFile = {
  id: string;
  contentType: string;
  sizeBytes: number;
  /** Null where the file is a task's answer, whose text is in `text`. */
  storageKey: string | null;
  text: string | null;
};

export async function findPublicFile(
  ctx: { db: Db },
  named: { accessKey: string; name: string },
): Promise<PublicFile | null> {
  const { accessKey, name } = named;
  if (!ACCESS_KEY_PATTERN.test(accessKey) || name.includes('\0')) return null;
  const [written] = await ctx.db.sql<PublicFile[]>`
    select f.id, f.content_type as "contentType", f.size_bytes::float8 as "sizeBytes",
      f.storage_key as "storageKey", case when f.storage_key is null then t.debug_output end as text
    from files f left join tasks t on t.id = f.task_id
    where f.access_key = ${accessKey} and f.name = ${name}`;
  if (written) {
    const { text } = written;
    return text === null ? written : { ...written, sizeBytes: Buffer.byteLength(text) };
  }
  const uploaded = await findFile(ctx, named);
  return uploaded && { ...uploaded, text: null };
}

export async function openPublicFile(
  { storage }: { storage: ObjectStorage },
  { storageKey, text }: Pick<PublicFile, 'storageKey' | 'text'>,
  range: ByteRange | null,
): Promise<Readable | null> {
  if (storageKey !== null) {
    const object = await storage.get(storageKey, range ?? undefined);
    return object?.body ?? null;
  }
  if (text === null) return null;
  const bytes = Buffer.from(text);
  return Readable.from([range === null ? bytes : bytes.subarray(range.first, range.last + 1)]);
}
