import { lockAccount } from '@runfleet/billing';
import type { Db } from '@runfleet/db';
import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

/** Removes a limit with its counts. Throws `invalid_request` if the organisation has no such limit. */
export async function removeLimit(
  ctx: { db: Db },
  of: { organisationId: string; id: string },
): Promise<void> {
  const { organisationId, id } = of;
  const areIds = TASK_ID_PATTERN.test(organisationId) && TASK_ID_PATTERN.test(id);
  const removed = areIds
    ? await ctx.db.sql.begin(async (tx) => {
        await lockAccount(tx, organisationId);
        return tx`
          delete from limits where id = ${id} and organisation_id = ${organisationId} returning id`;
      })
    : [];
  if (removed.length > 0) return;
  throw new RunfleetError('invalid_request', `The organisation has no limit ${id}.`);
}
