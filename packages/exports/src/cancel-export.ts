import type { Db } from '@runfleet/db';

import { EXPORT_LIMITS } from './create-export.ts';
import { type Export, readExport } from './read-exports.ts';

/** Ends an export that has not ended, and returns it. Its attempt stops at the next page of rows. */
export async function cancelExport(
  ctx: { db: Db },
  { projectId, id }: { projectId: string; id: string },
): Promise<Export> {
  await readExport(ctx, { projectId, id });
  const { sql } = ctx.db;
  await sql`
    update exports set state = 'cancelled', ended_at = now(), leased_until = null,
      expires_at = now() + make_interval(hours => ${EXPORT_LIMITS.keptHours})
    where id = ${id} and project_id = ${projectId} and state in ('queued', 'running')`;
  return readExport(ctx, { projectId, id });
}
