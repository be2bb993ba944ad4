import type { Db } from '@runfleet/db';
import type { Micros, TaskStatus } from '@runfleet/protocol';

import { poolReports } from '../fleet/pool-report.ts';
import type { WorkerDevice } from '../fleet/worker-registry.ts';
import { poolOfQueuedIn } from '../life/parking.ts';
import { readToday } from './model-statistics.ts';

type FleetWorker = {
  id: string;
  host: string;
  /** The pools whose tasks it takes. */
  pools: string[];
  state: string;
  slots: number;
  used: number;
  renewedAt: Micros;
  startedAt: Micros;
  device: WorkerDevice;
  /** As `name=value`. */
  labels: string[];
  /** Models in its memory, by pool. */
  loaded: Record<string, { bytes: number; contextTokens?: number }>;
  memoryBytes: number | null;
  /** Failures in a row that were its own. */
  strikes: number;
  /** Pulses, which are seconds while brokers tick, until its quarantine ends; null where it is in none. */
  quarantinePulses: number | null;
};

type RunningTask = {
  id: string;
  organisationId: string;
  modelId: string;
  status: TaskStatus;
  epoch: number;
  workerId: string;
  queuedAt: Micros;
  acceptedAt: Micros | null;
  outputTokens: number;
};

export type Fleet = {
  now: Micros;
  /** Of each pool with a queue: as its leader counted within the last second, or as Postgres does. */
  queued: { pool: string; count: number; oldestQueuedAt: Micros | null }[];
  workers: FleetWorker[];
  running: RunningTask[];
  spentTodayUsd: string;
  finishedToday: number;
  failedToday: number;
};

/** The weights that workers are ready to answer with, by their folders' names, for each pool. */
export async function listServedWeights(ctx: { db: Db }): Promise<Map<string, string[]>> {
  const rows = await ctx.db.sql<{ pool: string; weights: string[] }[]>`
    select pool, array_agg(distinct device->>'model') as weights
    from workers, unnest(pools) pool where state = 'ready' group by pool`;
  return new Map(rows.map(({ pool, weights }) => [pool, weights]));
}

const RUNNING_SHOWN_MAX = 100;
/** Workers that are gone stay on the page for a while. */
const GONE_SHOWN_HOURS = 1;

/** What an operator sees of the whole fleet. A day is UTC's. */
export async function readFleet(ctx: { db: Db }): Promise<Fleet> {
  const { sql } = ctx.db;
  const [[clock], queued, workers, running, today] = await Promise.all([
    sql<{ now: Micros }[]>`select clock_timestamp() as now`,
    // Counting a long queue reads all of it, so that is done only where no leader has.
    sql<{ pool: string; count: string; oldestQueuedAt: Micros | null }[]>`
      with recursive pools as (
        select min(queued_in) as pool from tasks where queued_in is not null
        union all
        select (select min(queued_in) from tasks where queued_in > pools.pool)
        from pools where pool is not null
      )
      select pool,
        case when report is null
          then (select count(*) from tasks where queued_in = pools.pool)
          -- What came since the leader looked is there.
          else greatest((report->>'queued')::bigint, 1) end as count,
        -- By the pool, too: by the id alone, the plan may look for it among the tasks that have ended.
        (select queued_at from tasks where queued_in between pools.pool and pools.pool
          order by queued_in, id limit 1) as "oldestQueuedAt"
      from pools left join (${poolReports(sql)}) led using (pool)
      where pools.pool is not null order by pool`,
    sql<FleetWorker[]>`
      select id, host, pools, state, slots, used, renewed_at as "renewedAt",
        started_at as "startedAt", device, labels, loaded, memory_bytes::float8 as "memoryBytes",
        strikes, case when state = 'quarantined' then greatest(quarantined_until - n, 0)::int end
          as "quarantinePulses"
      from workers, pulse
      where state in ('ready', 'draining', 'quarantined')
        or renewed_at > now() - make_interval(hours => ${GONE_SHOWN_HOURS})
      order by state, host, id`,
    sql<RunningTask[]>`
      select id, organisation_id as "organisationId", model_id as "modelId", status, epoch,
        worker_id as "workerId", queued_at as "queuedAt", accepted_at as "acceptedAt",
        output_tokens as "outputTokens"
      -- All that run first, for the same reason.
      from (select * from tasks where worker_id is not null offset 0) bound
      order by id limit ${RUNNING_SHOWN_MAX}`,
    readToday(ctx),
  ]);
  return {
    now: clock?.now ?? 0n,
    queued: byPool(queued.map((row) => ({ ...row, count: Number(row.count) }))),
    workers,
    running,
    spentTodayUsd: today.spentUsd,
    finishedToday: today.finished,
    failedToday: today.failed,
  };
}

/** What is parked waits for the pool, too. */
function byPool(queued: Fleet['queued']): Fleet['queued'] {
  const pools = new Map<string, Fleet['queued'][number]>();
  for (const { pool: queuedIn, count, oldestQueuedAt } of queued) {
    const pool = poolOfQueuedIn(queuedIn);
    const known = pools.get(pool);
    const moments = [oldestQueuedAt, known?.oldestQueuedAt ?? null].flatMap((at) => at ?? []);
    pools.set(pool, {
      pool,
      count: count + (known?.count ?? 0),
      oldestQueuedAt: moments.toSorted((one, other) => (one < other ? -1 : 1))[0] ?? null,
    });
  }
  return [...pools.values()];
}
