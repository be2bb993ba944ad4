/** Workers as placement sees them. Everything here is a hint: the assign commit checks again. */
import type { Db } from '@runfleet/db';
import type { WorkerModel } from '@runfleet/scheduler';

import { SILENT_PULSES } from './decide-worker.ts';

export type PlaceableWorker = {
  readonly id: string;
  readonly generation: number;
  readonly state: 'ready' | 'draining' | 'quarantined';
  readonly slots: number;
  readonly used: number;
  readonly labels: readonly string[];
  /** Memory that its models share; null where it was not measured. */
  readonly memoryBytes: number | null;
  /** Those that it can load, by pool. */
  readonly models: Readonly<Record<string, WorkerModel>>;
};

type Row = Omit<PlaceableWorker, 'memoryBytes' | 'models'> & {
  pools: string[];
  loaded: Record<string, unknown>;
  sizes: Record<string, number>;
  memoryBytes: string | null;
  busy: string[];
};

/**
 * Workers that serve a pool and carry all of `labels`, the least loaded first: those that are ready
 * and have a free slot, or all that answer.
 */
export async function listWorkers(
  ctx: { db: Db },
  input: { pool: string; labels: readonly string[]; isFree: boolean; limit: number },
): Promise<PlaceableWorker[]> {
  const { sql } = ctx.db;
  const rows = await sql<Row[]>`
    select w.id, w.generation, w.state, w.slots, w.used, w.labels, w.pools, w.loaded, w.sizes,
      w.memory_bytes as "memoryBytes",
      -- Tasks are looked at only where there is a choice of models that they may be of.
      case when w.used = 0 then '{}'
        when cardinality(w.pools) = 1 then w.pools
        else array(select distinct t.pool from tasks t where t.worker_id = w.id) end as busy
    from workers w, pulse p
    where ${input.pool} = any(w.pools) and w.labels @> ${input.labels}::text[]
      and p.n - w.renewed_pulse <= ${SILENT_PULSES}
      and ${
        input.isFree
          ? sql`w.state = 'ready' and w.used < w.slots`
          : sql`w.state in ('ready', 'draining', 'quarantined')`
      }
    order by w.used::float8 / w.slots, w.id limit ${input.limit}`;
  return rows.map(toPlaceable);
}

function toPlaceable({ pools, loaded, sizes, busy, memoryBytes, ...worker }: Row): PlaceableWorker {
  const models = pools.map((pool) => {
    const isLoaded = pool in loaded;
    return [pool, { bytes: sizes[pool] ?? 0, isLoaded, isBusy: busy.includes(pool) }];
  });
  return {
    ...worker,
    memoryBytes: memoryBytes === null ? null : Number(memoryBytes),
    models: Object.fromEntries(models),
  };
}

/** In how many ms each of the workers is expected to have one slot more; without those that have no task. */
export async function readNextFree(
  ctx: { db: Db },
  workerIds: readonly string[],
): Promise<Map<string, number>> {
  const rows = await ctx.db.sql<{ id: string; inMs: number }[]>`
    select worker_id as id, 1000 * extract(epoch from
      min(coalesce(accepted_at, clock_timestamp()) + make_interval(secs => expected_seconds))
        - clock_timestamp())::float8 as "inMs"
    from tasks where worker_id = any(${workerIds}::uuid[]) group by worker_id`;
  return new Map(rows.map(({ id, inMs }) => [id, inMs]));
}
