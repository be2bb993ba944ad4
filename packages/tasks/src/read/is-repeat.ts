import type { Db } from '@runfleet/db';

import { IDEMPOTENCY_HOURS } from '../store/plan-commit.ts';

/** Less than keys are kept, so that the key of a repeat is still there when its Run is created. */
const HOURS = IDEMPOTENCY_HOURS - 1;

/** Whether a Run of this key was accepted and is the same request, so that its task will answer it. */
export async function isRepeat(
  ctx: { db: Db },
  run: { projectId: string; key: string; requestHash: Uint8Array },
): Promise<boolean> {
  const { projectId, key, requestHash } = run;
  const rows = await ctx.db.sql`
    select 1 from idempotency_keys
    where project_id = ${projectId} and key = ${key} and request_hash = ${requestHash}
      and created_at > now() - make_interval(hours => ${HOURS})`;
  return rows.length > 0;
}
