import type { Db } from '@runfleet/db';

import type { Tenant } from './testing.ts';

/** How many tasks of a history are not like the others. */
export const RARE = { failed: 5, cancelled: 4, queued: 3, running: 2, ofModel: 7, ofProject: 6 };
export const RARE_MODEL = '599';
/** Creation of the oldest task, and the distance between two, in unix seconds. */
export const FIRST_CREATED = 1_700_000_000;
export const CREATED_EVERY = 10;

/**
 * Writes an organisation's history of `count` tasks, of which all but a few succeeded. `otherProjectId`
 * is a second project of the organisation.
 */
export async function writeHistory(
  db: Db,
  tenant: Tenant,
  { count, otherProjectId }: { count: number; otherProjectId: string },
): Promise<void> {
  const { organisationId, projectId, ownerId } = tenant;
  const [row] = await db.sql<{ first: number }[]>`
    select coalesce(max(id), 0)::float8 + 1 as first from tasks`;
  // Rare tasks are the oldest, which is the worst case for a list that begins with the newest.
  await db.sql`
    insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters,
      seed, timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held,
      outcome)
    select ${organisationId},
      case when n between 101 and ${100 + RARE.ofProject} then ${otherProjectId}::bigint
        else ${projectId}::bigint end,
      ${ownerId}, lpad((${row?.first ?? 1}::bigint + n)::text, 30, 'H'),
      case when n between 201 and ${200 + RARE.ofModel} then ${RARE_MODEL} else '598' end,
      'a-pool', '{"prompt":"Hello"}', 7, 300,
      (case when n <= ${RARE.queued} then 'task_queue'
        when n between 11 and ${10 + RARE.running} then 'task_start'
        when n between 21 and ${20 + RARE.cancelled} then 'task_cancel'
        else 'task_postprocess_end' end)::task_status,
      0, 1, now(), to_timestamp(${FIRST_CREATED}::bigint + n * ${CREATED_EVERY}::bigint), 'v1', 0, 0,
      case when n <= ${RARE.queued} or n between 11 and ${10 + RARE.running} then null
        when n between 21 and ${20 + RARE.cancelled} then 'cancelled'
        when n between 31 and ${30 + RARE.failed} then 'failed'
        else 'succeeded' end
    from generate_series(1, ${count}::bigint) n`;
  await db.sql`vacuum analyze tasks`;
}
