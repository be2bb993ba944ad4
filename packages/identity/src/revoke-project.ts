import type { Db } from '@runfleet/db';

/**
 * Revokes a project's keys; false if there was nothing to revoke. Processes that have it cached
 * follow within 5 s.
 */
export async function revokeProject(
  ctx: { db: Db },
  /** Null means any organisation. */
  project: { organisationId: string | null; projectId: string },
): Promise<boolean> {
  const { count } = await ctx.db.sql`
    update projects set revoked_at = now()
    where id = ${project.projectId} and revoked_at is null
      and (${project.organisationId}::bigint is null
           or organisation_id = ${project.organisationId}::bigint)`;
  return count > 0;
}
