/** Fixtures for tests of files. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { testWithDb } from '@runfleet/db/testing';
import { openLocalStorage } from '@runfleet/storage';

import type { FileEntry } from './file-entry.ts';
import { Upload, type UploadContext } from './upload.ts';

export const OWNER = { organisationId: '1', projectId: '11' };
export const NEIGHBOUR = { organisationId: '2', projectId: '21' };

export const testWithFiles = testWithDb
  .extend('files', async ({ db }, { onCleanup }): Promise<UploadContext> => {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-files-'));
    const storage = openLocalStorage(join(folder, 'objects'));
    onCleanup(async () => {
      await storage[Symbol.asyncDispose]();
      await rm(folder, { recursive: true });
    });
    const limits = { fileBytesMax: 1_000, quotaBytes: 2_000, quotaEntries: 20, keptDays: 0 };
    return { db, storage, limits };
  })
  /** The keys of all objects. */
  .extend('objects', ({ files }) => async () => {
    const keys: string[] = [];
    for await (const page of files.storage.list('')) keys.push(...page.map(({ key }) => key));
    return keys;
  })
  /** The organisation's usage as it is counted, and as it is. */
  .extend('usage', ({ db }) => async (organisationId = OWNER.organisationId) => {
    const [row] = await db.sql<{ counted: string; actual: string }[]>`
      select coalesce((select size_bytes || ' in ' || entries from file_usage
          where organisation_id = ${organisationId}), '0 in 0') as counted,
        (select coalesce(sum(size_bytes), 0) || ' in ' || coalesce(sum(entries), 0) from (
          select size_bytes, 1 as entries from file_entries where organisation_id = ${organisationId}
          union all
          select size_bytes, entries from stray_objects where organisation_id = ${organisationId}
        ) each) as actual`;
    return row ?? { counted: '', actual: '' };
  });

/** A body in parts of 100 bytes. */
export async function* bytes(count: number): AsyncGenerator<Uint8Array> {
  for (let left = count; left > 0; left -= 100) yield Buffer.alloc(Math.min(left, 100), 'x');
}

/** Uploads a text file; `sizeBytes` of them in all. */
export async function upload(
  files: UploadContext,
  { name = 'a.txt', sizeBytes = 10, parentId = null as string | null, owner = OWNER } = {},
): Promise<FileEntry> {
  await using opened = await Upload.open(files, { ...owner, sizeBytes });
  await opened.addFile(null, { name, contentType: 'text/plain', body: bytes(sizeBytes) });
  // Disposing must wait for the commit.
  return await opened.commit({ projectId: owner.projectId, parentId });
}
