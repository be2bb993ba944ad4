/** The rows of exports. Amounts and moments stay texts, so that nothing is rounded. */
import type { Db, Statement } from '@runfleet/db';

import type { ExportKind } from './read-exports.ts';

/** What an export selects: from one moment, and before another, as texts of Postgres. */
export type RowFilter = { organisationId: string; projectId: string; from: string; until: string };

export type ExportRow = Readonly<Record<string, string>>;

type Kind = {
  columns: readonly string[];
  count(db: Db, filter: RowFilter, max: number): Statement;
  /** Up to `limit` rows in the order of `position`, after that of the last one. */
  page(db: Db, filter: RowFilter, after: Position, limit: number): Statement;
};

/** Where a page ends: a moment (empty where rows are in the order of ids), and an id. */
type Position = { at: string; id: string };

const START: Position = { at: '', id: '0' };

const iso = (db: Db, moment: string) => {
  const { sql } = db;
  return sql`to_char(${sql.unsafe(moment)} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
};

const tasksOf = ({ sql }: Db, filter: RowFilter) => sql`
  organisation_id = ${filter.organisationId} and project_id = ${filter.projectId}
  and outcome is not null
  and queued_at >= ${filter.from}::text::timestamptz
  and queued_at < ${filter.until}::text::timestamptz`;

const billsOf = ({ sql }: Db, filter: RowFilter) => sql`
  transfers m join tasks t on t.id = m.task_id and t.organisation_id = m.organisation_id
  where m.organisation_id = ${filter.organisationId} and t.project_id = ${filter.projectId}
    and m.credit = 'revenue'
    and m.at >= ${filter.from}::text::timestamptz and m.at < ${filter.until}::text::timestamptz`;

export const EXPORT_ROWS: Readonly<Record<ExportKind, Kind>> = {
  /** Tasks that have ended, by their creation; no inputs and no answers. */
  tasks: {
    columns: [
      'taskid',
      'model',
      'outcome',
      'created',
      'ended',
      'promptTokens',
      'completionTokens',
      'billedSeconds',
      'costUsd',
      'userid',
    ],
    count: (db, filter, max) => db.sql`
      select count(*)::int as count from (select from tasks where ${tasksOf(db, filter)} limit ${max}) t`,
    page: (db, filter, { at, id }, limit) => db.sql`
      select ${iso(db, 'queued_at')} as position_at, id as position_id,
        id::text as taskid, model_id as model, outcome, ${iso(db, 'queued_at')} as created,
        ${iso(db, 'coalesce(postprocess_ended_at, cancelled_at)')} as ended,
        receipt ->> 'promptTokens' as "promptTokens",
        receipt ->> 'completionTokens' as "completionTokens",
        receipt #>> '{seconds,billed}' as "billedSeconds", total_cost::text as "costUsd",
        fairness_key as userid
      from tasks where ${tasksOf(db, filter)}
        and (queued_at, id) > (${at === '' ? filter.from : at}::text::timestamptz, ${id}::text::bigint)
      order by queued_at, id limit ${limit}`,
  },
  /** What tasks were charged, by the moment of the charge. */
  bills: {
    columns: ['billid', 'charged', 'taskid', 'model', 'amountUsd'],
    count: (db, filter, max) => db.sql`
      select count(*)::int as count from (select from ${billsOf(db, filter)} limit ${max}) t`,
    page: (db, filter, { id }, limit) => db.sql`
      select '' as position_at, m.id as position_id,
        m.id::text as billid, ${iso(db, 'm.at')} as charged, t.id::text as taskid,
        t.model_id as model, m.amount::text as "amountUsd"
      from ${billsOf(db, filter)} and m.id > ${id}::text::bigint
      order by m.id limit ${limit}`,
  },
};

/** How many rows there are; `max` if there are as many or more. */
export async function countRows(
  ctx: { db: Db },
  kind: ExportKind,
  filter: RowFilter,
  max: number,
): Promise<number> {
  const [row] = await EXPORT_ROWS[kind].count(ctx.db, filter, max);
  return Number(row?.['count'] ?? 0);
}

/** All rows, in pages of at most `limit`. */
export async function* readRows(
  ctx: { db: Db },
  kind: ExportKind,
  filter: RowFilter,
  limit: number,
): AsyncGenerator<ExportRow[]> {
  const { columns, ...statements } = EXPORT_ROWS[kind];
  let after = START;
  for (;;) {
    const rows = await statements.page(ctx.db, filter, after, limit);
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.map((row) =>
      Object.fromEntries(columns.map((name) => [name, String(row[name] ?? '')])),
    );
    if (rows.length < limit) return;
    after = { at: String(last['position_at']), id: String(last['position_id']) };
  }
}
