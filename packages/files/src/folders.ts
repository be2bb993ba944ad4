import type { Db, Transaction } from '@runfleet/db';
import { newFileId, RunfleetError } from '@runfleet/protocol';

import { entryColumns, type FileEntry, FILE_ID_PATTERN, type FileOwner } from './file-entry.ts';
import { requireFolderName } from './file-names.ts';
import { type FileQuota, takeUsage } from './file-usage.ts';

/** Folders in folders; the root is not counted. */
export const FOLDER_DEPTH_MAX = 16;

/** Creates a folder. Throws `entry_not_found` for its parent, `file_quota` and `invalid_request`. */
export async function createFolder(
  ctx: { db: Db; limits: FileQuota },
  folder: FileOwner & { parentId: string | null; name: string },
): Promise<FileEntry> {
  const { organisationId, projectId, parentId } = folder;
  const name = requireFolderName(folder.name);
  return ctx.db.sql.begin(async (tx) => {
    await takeUsage(tx, organisationId, { sizeBytes: 0, entries: 1 }, ctx.limits);
    const above = await listFoldersAbove(tx, { projectId, parentId });
    requireDepth(above.length + 1);
    const [created] = await tx<FileEntry[]>`
      insert into file_entries (id, organisation_id, project_id, parent_id, is_folder, name,
        content_type, size_bytes, created_at)
      values (${newFileId()}, ${organisationId}, ${projectId}, ${parentId}, true, ${name}, '', 0,
        now())
      returning ${entryColumns(tx)}`;
    if (!created) throw new Error('The folder was not inserted.');
    return created;
  });
}

/**
 * The ids of a folder and those above it. Throws `entry_not_found` unless it is a folder of the project;
 * null is the root. Hold the lock of the usage, so that they stay as they are.
 */
export async function listFoldersAbove(
  tx: Transaction,
  { projectId, parentId }: { projectId: string; parentId: string | null },
): Promise<string[]> {
  if (parentId === null) return [];
  const found = FILE_ID_PATTERN.test(parentId)
    ? await tx<{ id: string }[]>`
        with recursive above as (
          select id, parent_id, 1 as depth from file_entries
          where project_id = ${projectId} and id = ${parentId} and is_folder
          union all
          select e.id, e.parent_id, a.depth + 1 from above a join file_entries e on e.id = a.parent_id
          where a.depth <= ${FOLDER_DEPTH_MAX}
        ) select id from above`
    : [];
  if (found.length === 0) throw new RunfleetError('entry_not_found', 'There is no such folder.');
  return found.map(({ id }) => id);
}

export function requireDepth(depth: number): void {
  if (depth <= FOLDER_DEPTH_MAX) return;
  throw new RunfleetError(
    'invalid_request',
    `Folders may be ${FOLDER_DEPTH_MAX} deep. Choose a folder higher up.`,
  );
}
