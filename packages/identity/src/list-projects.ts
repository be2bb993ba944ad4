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

/** A project as operators see it. */
export type DeploymentProject = ProjectSummary & {
  organisationId: string;
  organisationName: string;
  ownerEmail: string;
  /** Unix seconds until which the former key is valid beside the new one; null if there is none. */
  previousKeyUntil: number | null;
};

/**
 * Projects that are not revoked, of all organisations or of one, by id, from after the id `after`.
 */
export async function listDeploymentProjects(
  ctx: { db: Db },
  page: { organisationId: string | null; after: string; limit: number },
): Promise<DeploymentProject[]> {
  return ctx.db.sql<DeploymentProject[]>`
    select p.id, p.name, p.auth_type as "authType", p.key_hint as "keyHint",
           p.owner_id as "ownerId", o.id as "organisationId", o.name as "organisationName",
           u.email as "ownerEmail",
           case when p.previous_key_until > now()
             then extract(epoch from p.previous_key_until)::double precision
           end as "previousKeyUntil"
    from projects p
      join organisations o on o.id = p.organisation_id
      join users u on u.id = p.owner_id
    where p.revoked_at is null and p.id > ${page.after}
      and (${page.organisationId}::bigint is null or o.id = ${page.organisationId}::bigint)
    order by p.id limit ${page.limit}`;
}

/**
 * The principal of an organisation's project, or of its first one if `projectId` is null. Null if
 * the organisation has no such project.
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
