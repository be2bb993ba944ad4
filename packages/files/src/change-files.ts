import type { Db } from '@runfleet/db';
import { newFileAccessKey, RunfleetError } from '@runfleet/protocol';

import { entryColumns, type FileEntry, type FileOwner, readFileEntry } from './file-entry.ts';
import { requireFolderName, safeFileName } from './file-names.ts';
import { lockUsage } from './file-usage.ts';
import { FOLDER_DEPTH_MAX, listFoldersAbove, requireDepth } from './folders.ts';

type Change = FileOwner & { id: string };

/** Renames a file, which keeps its type, or a folder. A file's URL has the new name at once. */
export async function renameFile(
  ctx: { db: Db },
  { name, ...entry }: Change & { name: string },
): Promise<FileEntry> {
  return ctx.db.sql.begin(async (tx) => {
    await lockUsage(tx, entry.organisationId);
    const found = await readFileEntry({ db: { sql: tx } }, entry);
    const given = found.isFolder ? requireFolderName(name) : safeFileName(name);
    if (!found.isFolder && extensionOf(given) !== extensionOf(found.name)) {
      throw new RunfleetError(
        'invalid_request',
        `Request parameter [name] must end in "${extensionOf(found.name)}", the type of the file`,
      );
    }
    const [renamed] = await tx<FileEntry[]>`
      update file_entries set name = ${given} where id = ${found.id} returning ${entryColumns(tx)}`;
    return renamed ?? found;
  });
}

/** Moves a file or a folder with everything in it; never into itself. */
export async function moveFile(
  ctx: { db: Db },
  { parentId, ...entry }: Change & { parentId: string | null },
): Promise<FileEntry> {
  return ctx.db.sql.begin(async (tx) => {
    await lockUsage(tx, entry.organisationId);
    const found = await readFileEntry({ db: { sql: tx } }, entry);
    const above = await listFoldersAbove(tx, { ...entry, parentId });
    if (above.includes(found.id)) {
      throw new RunfleetError('invalid_request', 'A folder cannot be moved into itself.');
    }
    if (found.isFolder) {
      const [below] = await tx<{ depth: number }[]>`
        with recursive below as (
          select id, 1 as depth from file_entries where id = ${found.id}
          union all
          select e.id, b.depth + 1 from below b join file_entries e on e.parent_id = b.id
          where e.is_folder and b.depth <= ${FOLDER_DEPTH_MAX}
        ) select max(depth) as depth from below`;
      requireDepth(above.length + (below?.depth ?? 1));
    }
    const [moved] = await tx<FileEntry[]>`
      update file_entries set parent_id = ${parentId} where id = ${found.id}
      returning ${entryColumns(tx)}`;
    return moved ?? found;
  });
}

/** Gives a file another access key: its former URL leads nowhere from then on. */
export async function rotateAccessKey(ctx: { db: Db }, entry: Change): Promise<FileEntry> {
  const found = await readFileEntry(ctx, entry);
  const { sql } = ctx.db;
  const [rotated] = await sql<FileEntry[]>`
    update file_entries set access_key = ${newFileAccessKey()}
    where id = ${found.id} and not is_folder returning ${entryColumns(sql)}`;
  if (!rotated) throw new RunfleetError('invalid_request', 'A folder has no access key.');
  return rotated;
}

function extensionOf(name: string): string {
  return /\.[^.]{1,15}$/.exec(name)?.[0].toLowerCase() ?? '';
}
