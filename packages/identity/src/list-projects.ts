import type { Db } from '@runfleet/db';

import type { Principal } from './principal.ts';

export type ProjectSummary = {
  id: string;
  name: string;
  authType: 'signature' | 'apikey';
  /** The key's last four characters. */
  keyHint: string;
  ownerId: string;
};

/** The projects of an organisation that are not revoked, oldest first. */
export async function listProjects(
  ctx: { db: Db },
  organisationId: string,
): Promise<ProjectSummary[]> {
  return ctx.db.sql<ProjectSummary[]>`
    select id, name, auth_type as "authType", key_hint as "keyHint", owner_id as "ownerId"
    from projects where organisation_id = ${organisationId} and revoked_at is null
    order by id`;
}

/**
 * The principal of an organisation's project, or of its first one where `projectId` is null. Null
 * where the organisation has no such project.
 */
export async function findProject(
  ctx: { db: Db },
  organisationId: string,
  projectId: string | null,
): Promise<Principal | null> {
  const [row] = await ctx.db.sql<Principal[]>`
    select organisation_id as "organisationId", id as "projectId", owner_id as "ownerId",
           name as "projectName"
    from projects
    where organisation_id = ${organisationId} and revoked_at is null
      and (${projectId}::bigint is null or id = ${projectId}::bigint)
    order by id limit 1`;
  return row ?? null;
}
