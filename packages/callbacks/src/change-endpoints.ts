import type { Db } from '@runfleet/db';
import { type CallbackEvent, type Micros, OUTCOMES, RunfleetError } from '@runfleet/protocol';

import { type Clock, nowIn } from './clock.ts';
import { callbackNotFound, isDeliveryId } from './read-deliveries.ts';

type Ctx = Clock & { db: Db };

/** What an endpoint may be called for. */
export const ENDPOINT_EVENTS = [...new Set(Object.values(OUTCOMES).map(({ event }) => event))];
export type EndpointEvent = Exclude<CallbackEvent, 'test'>;

export type Endpoint = {
  id: string;
  url: string;
  events: readonly EndpointEvent[];
  createdAt: Micros;
};

/** Each ended task of a project may have as many deliveries. */
const ENDPOINTS_MAX = 10;

/** Calls `url` for each of these events of the project's tasks from now on. */
export async function addEndpoint(
  ctx: Ctx,
  endpoint: { projectId: string; url: URL; events: readonly EndpointEvent[] },
): Promise<Endpoint> {
  const { projectId, url, events } = endpoint;
  return ctx.db.sql.begin(async (tx) => {
    // The project's lock, so that endpoints that come together are counted one after another.
    const [project] = await tx<{ organisationId: string }[]>`
      select organisation_id as "organisationId" from projects
      where id = ${projectId} and revoked_at is null for update`;
    if (!project) throw callbackNotFound();
    const { organisationId } = project;
    const [added] = await tx<Endpoint[]>`
      insert into callback_endpoints (organisation_id, project_id, url, target, events, created_at)
      select ${organisationId}, ${projectId}, ${url.href}, ${`${organisationId} ${url.origin}`},
        ${[...events]}::text[], ${nowIn(tx, ctx)}
      where (select count(*) from callback_endpoints where project_id = ${projectId})
        < ${ENDPOINTS_MAX}
      returning id, url, events, created_at as "createdAt"`;
    if (!added) {
      throw new RunfleetError(
        'invalid_request',
        `A project may have ${ENDPOINTS_MAX} endpoints. Delete one first.`,
      );
    }
    await tx`
      update organisations set has_callback_endpoints = true
      where id = ${organisationId} and not has_callback_endpoints`;
    return added;
  });
}

/** A project's endpoints, oldest first; a project has few. */
export async function listEndpoints(
  ctx: Ctx,
  { projectId }: { projectId: string },
): Promise<Endpoint[]> {
  return ctx.db.sql<Endpoint[]>`
    select id, url, events, created_at as "createdAt" from callback_endpoints
    where project_id = ${projectId} order by created_at, id`;
}

/** Calls the endpoint no more; its callbacks that are open have failed. Throws `callback_not_found`. */
export async function deleteEndpoint(
  ctx: Ctx,
  { projectId, id }: { projectId: string; id: string },
): Promise<void> {
  if (!isDeliveryId(id)) throw noEndpoint();
  await ctx.db.sql.begin(async (tx) => {
    const [deleted] = await tx<{ organisationId: string }[]>`
      delete from callback_endpoints where project_id = ${projectId} and id = ${id}
      returning organisation_id as "organisationId"`;
    if (!deleted) throw noEndpoint();
    await tx`
      update callback_deliveries set state = 'failed', closed_at = ${nowIn(tx, ctx)}
      where endpoint_id = ${id} and state = 'open'`;
    const { organisationId } = deleted;
    await tx`
      update organisations set has_callback_endpoints = exists(
        select from callback_endpoints where organisation_id = ${organisationId})
      where id = ${organisationId}`;
  });
}

function noEndpoint(): RunfleetError {
  return new RunfleetError('callback_not_found', 'There is no such endpoint in this project.');
}
