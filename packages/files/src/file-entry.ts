import type { Db, Transaction } from '@runfleet/db';
import { type Micros, RunfleetError } from '@runfleet/protocol';

/** A file or a folder of a project. */
export type FileEntry = {
  id: string;
  /** Null at the root. */
  parentId: string | null;
  isFolder: boolean;
  name: string;
  /** Empty for a folder. */
  contentType: string;
  sizeBytes: number;
  /** Null for a folder. */
  accessKey: string | null;
  createdAt: Micros;
  expiresAt: Micros | null;
};

/** Whose files a call concerns. */
export type FileOwner = { organisationId: string; projectId: string };

export const FILE_ID_PATTERN = /^[\da-f]{32}$/;

export function entryColumns(sql: Db['sql'] | Transaction) {
  return sql`id, parent_id as "parentId", is_folder as "isFolder", name,
    content_type as "contentType", size_bytes::float8 as "sizeBytes", access_key as "accessKey",
    created_at as "createdAt", expires_at as "expiresAt"`;
}

/** Throws `entry_not_found` unless this is an entry of the project that has not expired. */
export async function readFileEntry(
  ctx: { db: Pick<Db, 'sql'> } | { db: { sql: Transaction } },
  { projectId, id }: FileOwner & { id: string },
): Promise<FileEntry> {
  const { sql } = ctx.db;
  const [entry] = FILE_ID_PATTERN.test(id)
    ? await sql<FileEntry[]>`
        select ${entryColumns(sql)} from file_entries
        where project_id = ${projectId} and id = ${id}
          and (expires_at is null or expires_at > now())`
    : [];
  if (!entry) throw new RunfleetError('entry_not_found', 'There is no such file or folder.');
  return entry;
}
