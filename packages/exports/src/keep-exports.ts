import type { Db } from '@runfleet/db';
import type { ExportJob } from '@runfleet/queue';
import type { ObjectStorage } from '@runfleet/storage';

import { EXPORT_LIMITS } from './create-export.ts';
import { objectFolder } from './read-exports.ts';
import { ATTEMPTS_MAX } from './run-export.ts';

const EXPORT_JOBS_MAX = 500;
/** A job starts within this time unless it was lost, or all apis are busy. */
const LATE_SECONDS = 10;

/** The jobs of exports that wait without one, whose process died, or that have expired. */
export async function listExportJobs(ctx: { db: Db }): Promise<ExportJob[]> {
  const { sql } = ctx.db;
  await sql`
    update exports set state = 'failed', ended_at = now(), leased_until = null,
      error = 'Its processes died. Choose a shorter period.',
      expires_at = now() + make_interval(hours => ${EXPORT_LIMITS.keptHours})
    where state = 'running' and leased_until <= now() and attempts >= ${ATTEMPTS_MAX}`;
  return sql<ExportJob[]>`
    (select 'write' as task, id, attempts as attempt from exports
    where state = 'queued'
        and coalesce(leased_until, created_at + make_interval(secs => ${LATE_SECONDS})) <= now()
      or state = 'running' and leased_until <= now()
    order by created_at limit ${EXPORT_JOBS_MAX})
    union all
    (select 'delete', id, attempts from exports where expires_at <= now()
    order by expires_at limit ${EXPORT_JOBS_MAX})`;
}

/** Deletes an export that has expired: its objects first, so that none is left without a row. */
export async function deleteExport(
  ctx: { db: Db; storage: ObjectStorage },
  id: string,
): Promise<void> {
  const { sql } = ctx.db;
  const [row] = await sql<{ organisationId: string }[]>`
    select organisation_id as "organisationId" from exports
    where id = ${id} and expires_at <= now()`;
  if (!row) return;
  await ctx.storage.deletePrefix(objectFolder({ ...row, id }));
  await sql`delete from exports where id = ${id} and expires_at <= now()`;
}
