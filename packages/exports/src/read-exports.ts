import type { Db, Transaction } from '@runfleet/db';
import { type Micros, RunfleetError } from '@runfleet/protocol';
import type { ObjectStorage, StoredObject } from '@runfleet/storage';

export const EXPORT_KINDS = ['tasks', 'bills'] as const;
export const EXPORT_FORMATS = ['csv', 'jsonl'] as const;
export type ExportKind = (typeof EXPORT_KINDS)[number];
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export type Export = {
  id: string;
  kind: ExportKind;
  format: ExportFormat;
  fromMoment: Micros;
  untilMoment: Micros;
  state: 'queued' | 'running' | 'finished' | 'failed' | 'cancelled';
  /** 0 until they are counted. */
  rowsTotal: number;
  rowsDone: number;
  sizeBytes: number;
  error: string;
  createdAt: Micros;
  endedAt: Micros | null;
  expiresAt: Micros | null;
};

const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** A page of a project's exports, newest first, and how many there are. */
export async function listExports(
  ctx: { db: Db },
  { projectId, start, limit }: { projectId: string; start: number; limit: number },
): Promise<{ total: number; exports: Export[] }> {
  const { sql } = ctx.db;
  const matches = sql`project_id = ${projectId} and ${isVisible(sql)}`;
  const [counted, rows] = await Promise.all([
    sql<{ total: string }[]>`select count(*) as total from exports where ${matches}`,
    sql<Row[]>`select ${columns(sql)} from exports where ${matches}
      order by created_at desc, id limit ${limit} offset ${start}`,
  ]);
  return { total: Number(counted[0]?.total ?? 0), exports: rows.map(readRow) };
}

/** Throws `export_not_found` for an unknown or expired export, and for another project's just the same. */
export async function readExport(
  ctx: { db: Db },
  { projectId, id }: { projectId: string; id: string },
): Promise<Export> {
  const { sql } = ctx.db;
  const [row] = UUID.test(id)
    ? await sql<Row[]>`select ${columns(sql)} from exports
        where id = ${id} and project_id = ${projectId} and ${isVisible(sql)}`
    : [];
  if (!row) throw exportNotFound();
  return readRow(row);
}

/** The file of a finished export of one of these organisations; null if there is none. */
export async function openExport(
  ctx: { db: Db; storage: ObjectStorage },
  { organisationIds, id }: { organisationIds: readonly string[]; id: string },
): Promise<(StoredObject & Pick<Export, 'kind' | 'format'>) | null> {
  if (!UUID.test(id)) return null;
  const { sql } = ctx.db;
  type Found = Pick<Export, 'kind' | 'format'> & { organisationId: string; attemptId: string };
  const [row] = await sql<Found[]>`
    select kind, format, organisation_id as "organisationId", attempt_id as "attemptId"
    from exports where id = ${id} and organisation_id = any(${[...organisationIds]}::bigint[])
      and state = 'finished' and ${isVisible(sql)}`;
  if (!row) return null;
  const { kind, format } = row;
  const object = await ctx.storage.get(objectKey({ ...row, id }));
  return object && { ...object, kind, format };
}

/** Where an attempt writes its file: a later attempt must not replace what an earlier one finishes. */
export function objectKey(of: { organisationId: string; id: string; attemptId: string }): string {
  return `${objectFolder(of)}/${of.attemptId}`;
}

/** Where all attempts at an export write. */
export function objectFolder(of: { organisationId: string; id: string }): string {
  return `exports/${of.organisationId}/${of.id}`;
}

function exportNotFound(): RunfleetError {
  return new RunfleetError(
    'export_not_found',
    'No such export. It may have expired: exports are kept for a day.',
  );
}

type Row = Omit<Export, 'sizeBytes'> & { sizeBytes: string };

const readRow = (row: Row): Export => ({ ...row, sizeBytes: Number(row.sizeBytes) });

const isVisible = (sql: Transaction) => sql`(expires_at is null or expires_at > now())`;

const columns = (sql: Transaction) => sql`id, kind, format, from_moment as "fromMoment",
  until_moment as "untilMoment", state, rows_total as "rowsTotal", rows_done as "rowsDone",
  size_bytes as "sizeBytes", error, created_at as "createdAt", ended_at as "endedAt",
  expires_at as "expiresAt"`;
