import type { Db } from '@runfleet/db';

/** Ends a project's keys for good; false where there was none to end. Processes that have it cached follow within 5 s. */
export async function revokeProject(
  ctx: { db: Db },
  /** Null is whichever organisation's it is. */
  project: { organisationId: string | null; projectId: string },
): Promise<boolean> {
  const { count } = await ctx.db.sql`
    update projects set revoked_at = now()
    where id = ${project.projectId} and revoked_at is null
      and (${project.organisationId}::bigint is null
           or organisation_id = ${project.organisationId}::bigint)`;
  return count > 0;
}
