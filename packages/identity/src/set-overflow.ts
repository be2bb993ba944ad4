import type { Db } from '@runfleet/db';
import { RunfleetError, TASK_ID_PATTERN } from '@runfleet/protocol';

import { OVERFLOWS, readTenant, type Tenant } from './list-tenants.ts';

/** Sets what happens to a project's Runs at the limit. Throws `invalid_request` with the reason. */
export async function setOverflow(
  ctx: { db: Db },
  projectId: string,
  overflow: unknown,
): Promise<Tenant> {
  const wanted = OVERFLOWS.find((each) => each === overflow);
  if (wanted === undefined) {
    throw new RunfleetError(
      'invalid_request',
      `Request parameter [overflow] must be ${OVERFLOWS.join(' or ')}`,
    );
  }
  const [project] = TASK_ID_PATTERN.test(projectId)
    ? await ctx.db.sql<{ organisationId: string }[]>`
        update projects set overflow = ${wanted}
        where id = ${projectId} and revoked_at is null
        returning organisation_id as "organisationId"`
    : [];
  if (!project) throw new RunfleetError('invalid_request', `There is no project ${projectId}.`);
  return readTenant(ctx, project.organisationId);
}
