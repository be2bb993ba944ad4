/**
 * Tasks whose labels no worker carries are parked: they wait in Postgres under a name of their own,
 * which no list of a pool's tasks reads, so that they cost brokers nothing. They come in line when a
 * worker registers that can take them. What a tenant may have in line at once is bounded by lanes, since
 * each lane is an index that brokers look after.
 */
import type { Transaction } from '@runfleet/db';
import { laneOf } from '@runfleet/scheduler';

/** Sets of labels that tasks of one tenant may require at once, while they wait. */
export const LANES_PER_TENANT_MAX = 32;

/** No pool's name holds a space. */
const PARKED = ' parked';

/** `queued_in` of a task that waits. */
export function queuedInOf(pool: string, isParked: boolean): string {
  return isParked ? `${pool}${PARKED}` : pool;
}

/** The pool of a `queued_in`. */
export function poolOfQueuedIn(queuedIn: string): string {
  return queuedIn.endsWith(PARKED) ? queuedIn.slice(0, -PARKED.length) : queuedIn;
}

/** What is known of lanes when tasks are created. */
export type LanesSnapshot = {
  /** Lanes that some worker on duty can serve. */
  served: ReadonlySet<string>;
  /** Labels that no worker of the pool was ever seen with, by lane. */
  unknown: ReadonlyMap<string, readonly string[]>;
  /** Lanes in which tasks wait already, by organisation: `LANES_PER_TENANT_MAX + 1` at most. */
  waiting: ReadonlyMap<string, ReadonlySet<string>>;
};

const NO_LANES: LanesSnapshot = { served: new Set(), unknown: new Map(), waiting: new Map() };

type Particular = {
  organisationId: string;
  requires: readonly string[];
  model: { pool: string };
};

/** Reads nothing where no task requires anything, as almost always. */
export async function readLanes(
  tx: Transaction,
  tasks: readonly Particular[],
): Promise<LanesSnapshot> {
  const particular = tasks.filter(({ requires }) => requires.length > 0);
  if (particular.length === 0) return NO_LANES;
  const asked = new Map(
    particular.map(({ model, requires }) => [
      laneOf(model.pool, requires),
      { lane: laneOf(model.pool, requires), pool: model.pool, requires },
    ]),
  );
  const organisationIds = [...new Set(particular.map(({ organisationId }) => organisationId))];
  const [lanes, waiting] = await Promise.all([
    tx<{ lane: string; isServed: boolean; unknown: string[] }[]>`
      select lane,
        exists (select from workers w
          where asked.pool = any(w.pools) and w.labels @> asked.requires
            and w.state in ('ready', 'draining', 'quarantined')) as "isServed",
        array(select label from unnest(asked.requires) label
          where not exists (select from workers w
            where asked.pool = any(w.pools) and label = any(w.labels))) as unknown
      from json_to_recordset(${JSON.stringify([...asked.values()])}::text::json)
        as asked(lane text, pool text, requires text[])`,
    tx<{ organisation_id: string; queued_in: string; requires: string[] }[]>`
      select asked.organisation_id, lanes.queued_in, lanes.requires
      from unnest(${organisationIds}::bigint[]) as asked(organisation_id) cross join lateral (
        -- From lane to lane by the index, past the tasks between them.
        with recursive lanes as (
          (select queued_in, requires, 1 as n from tasks
            where organisation_id = asked.organisation_id and queued_in is not null
              and requires <> '{}'
            order by queued_in, requires limit 1)
          union all
          select next.queued_in, next.requires, l.n + 1
          from lanes l cross join lateral (
            select t.queued_in, t.requires from tasks t
            where t.organisation_id = asked.organisation_id and t.queued_in is not null
              and t.requires <> '{}' and (t.queued_in, t.requires) > (l.queued_in, l.requires)
            order by t.queued_in, t.requires limit 1
          ) next
          where l.n <= ${LANES_PER_TENANT_MAX}
        )
        select queued_in, requires from lanes
      ) lanes`,
  ]);
  const waitingBy = new Map<string, Set<string>>();
  for (const { organisation_id: id, queued_in: queuedIn, requires } of waiting) {
    const known = waitingBy.get(id) ?? new Set();
    waitingBy.set(id, known.add(laneOf(poolOfQueuedIn(queuedIn), requires)));
  }
  return {
    served: new Set(lanes.flatMap(({ lane, isServed }) => (isServed ? [lane] : []))),
    unknown: new Map(lanes.map(({ lane, unknown }) => [lane, unknown])),
    waiting: waitingBy,
  };
}
