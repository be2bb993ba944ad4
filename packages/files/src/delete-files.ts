import type { Db } from '@runfleet/db';
import type { ObjectStorage } from '@runfleet/storage';

import { type FileOwner, readFileEntry } from './file-entry.ts';
import { addUsage, lockUsage } from './file-usage.ts';
import { sweepStrayObjects } from './stray-objects.ts';

const EXPIRED_AT_ONCE = 1_000;

type Ctx = { db: Db; storage: Pick<ObjectStorage, 'delete' | 'deletePrefix'> };

/**
 * Deletes a file, or a folder with everything below it; returns how many entries. They are unreadable at
 * once. Up to 100 of their objects are deleted before this returns, the others soon afterwards. The
 * entries of an organisation are few enough (its quota) for one statement.
 */
export async function deleteFile(ctx: Ctx, entry: FileOwner & { id: string }): Promise<number> {
  const { organisationId } = entry;
  const deleted = await ctx.db.sql.begin(async (tx) => {
    await lockUsage(tx, organisationId);
    const { id } = await readFileEntry({ db: { sql: tx } }, entry);
    const [counts] = await tx<{ files: number; folders: number }[]>`
      with recursive below as (
        select id from file_entries where id = ${id}
        union all
        select e.id from below b join file_entries e on e.parent_id = b.id
      ), gone as (
        delete from file_entries where id in (select id from below)
        returning organisation_id, storage_key, size_bytes, is_folder
      ), strays as (
        insert into stray_objects (key, organisation_id, state, size_bytes, entries, due_at)
        select storage_key, organisation_id, 'deleted', size_bytes, 1, now()
        from gone where not is_folder
      )
      select (count(*) filter (where not is_folder))::int as files,
        (count(*) filter (where is_folder))::int as folders
      from gone`;
    const { files = 0, folders = 0 } = counts ?? {};
    await addUsage(tx, organisationId, { sizeBytes: 0, entries: -folders });
    return files + folders;
  });
  // The deletion is committed; what the storage refuses now is repeated when it is due.
  await sweepStrayObjects(ctx, { organisationId }).catch(() => {});
  return deleted;
}

/** Deletes at most 1,000 files that have expired and are unreadable already; returns how many. */
export async function deleteExpiredFiles(ctx: { db: Db }): Promise<number> {
  const deleted = await ctx.db.sql`
    with gone as (
      delete from file_entries
      where id = any(array(
        select id from file_entries where expires_at <= now()
        order by expires_at limit ${EXPIRED_AT_ONCE} for update skip locked))
      returning organisation_id, storage_key, size_bytes
    )
    insert into stray_objects (key, organisation_id, state, size_bytes, entries, due_at)
    select storage_key, organisation_id, 'deleted', size_bytes, 1, now() from gone`;
  return deleted.count;
}
