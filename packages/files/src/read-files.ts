import type { Db } from '@runfleet/db';

import { entryColumns, type FileEntry, type FileOwner } from './file-entry.ts';

/** A file that can be read, for anyone who has its access key. */
export type StoredEntry = {
  id: string;
  name: string;
  contentType: string;
  sizeBytes: number;
  storageKey: string;
};

const ACCESS_KEY = /^[A-Za-z0-9]{30}$/;

/** A page of a folder, folders first, by name; and how many entries it has. */
export async function listFiles(
  ctx: { db: Db },
  page: FileOwner & {
    parentId: string | null;
    start: number;
    limit: number;
    order: 'ASC' | 'DESC';
  },
): Promise<{ total: number; entries: FileEntry[] }> {
  const { sql } = ctx.db;
  const { projectId, parentId, start, limit } = page;
  const order = sql.unsafe(page.order);
  const isIn = sql`project_id = ${projectId}
    and ${parentId === null ? sql`parent_id is null` : sql`parent_id = ${parentId}`}
    and (expires_at is null or expires_at > now())`;
  const [counted, entries] = await Promise.all([
    sql<{ total: string }[]>`select count(*) as total from file_entries where ${isIn}`,
    sql<FileEntry[]>`
      select ${entryColumns(sql)} from file_entries where ${isIn}
      order by is_folder desc, name ${order}, id ${order} limit ${limit} offset ${start}`,
  ]);
  return { total: Number(counted[0]?.total ?? 0), entries: [...entries] };
}

/** The file with this access key and name; null if there is none, or if it has expired. */
export async function findFile(
  ctx: { db: Db },
  { accessKey, name }: { accessKey: string; name: string },
): Promise<StoredEntry | null> {
  if (!ACCESS_KEY.test(accessKey) || name.includes('\0')) return null;
  const [file] = await ctx.db.sql<StoredEntry[]>`
    select id, name, content_type as "contentType", size_bytes::float8 as "sizeBytes",
      storage_key as "storageKey"
    from file_entries
    where access_key = ${accessKey} and name = ${name}
      and (expires_at is null or expires_at > now())`;
  return file ?? null;
}

/** A file of the project by its id; null if there is none, if it has expired, or if it is a folder. */
export async function findOwnFile(
  ctx: { db: Db },
  { projectId, id }: FileOwner & { id: string },
): Promise<StoredEntry | null> {
  const [file] = await ctx.db.sql<StoredEntry[]>`
    select id, name, content_type as "contentType", size_bytes::float8 as "sizeBytes",
      storage_key as "storageKey"
    from file_entries
    where project_id = ${projectId} and id = ${id} and not is_folder
      and (expires_at is null or expires_at > now())`;
  return file ?? null;
}
