import type { Db } from '@runfleet/db';

/** Ends a project's key for good. Processes that have it cached follow within seconds. */
export async function revokeProject(
  ctx: { db: Db },
  project: { organisationId: string; projectId: string },
): Promise<void> {
  await ctx.db.sql`
    update projects set revoked_at = now()
    where id = ${project.projectId} and organisation_id = ${project.organisationId}
      and revoked_at is null`;
}
