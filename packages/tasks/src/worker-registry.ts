/**
 * Workers as Postgres knows them. A worker renews its own row; its tasks refer to (worker,
 * generation), so there is no lease per task. Leases are judged in pulses, which brokers tick:
 * while nobody can tick, nothing expires.
 */
import type { Db } from '@runfleet/db';

import type { Claim } from './carry-task.ts';

export type WorkerDevice = {
  engine: string;
  model: string;
  provider: string;
  device: string;
  version: string;
};

/** Puts a worker on the list with all slots free. A second call of the same id is a new generation. */
export async function registerWorker(
  ctx: { db: Db },
  worker: { id: string; pool: string; host: string; slots: number; device: WorkerDevice },
): Promise<{ generation: number }> {
  const [row] = await ctx.db.sql<{ generation: number }[]>`
    insert into workers (id, pool, host, state, generation, slots, renewed_pulse, renewed_at,
      started_at, device)
    select ${worker.id}, ${worker.pool}, ${worker.host}, 'ready', 1, ${worker.slots}, n, now(), now(),
      ${JSON.stringify(worker.device)}::text::jsonb
    from pulse
    on conflict (id) do update set state = 'ready', generation = workers.generation + 1, used = 0,
      slots = excluded.slots, renewed_pulse = excluded.renewed_pulse, renewed_at = now()
    returning generation`;
  if (!row) throw new Error('The pulse row is missing; run the migrations.');
  return row;
}

/**
 * Renews a worker's lease and lists the tasks that are bound to it, so that a lost ticket or a
 * lost kill notice costs one renewal. Null: the worker was declared lost and must register anew.
 */
export async function renewWorker(
  ctx: { db: Db },
  worker: { id: string; generation: number },
): Promise<(Claim & { isAccepted: boolean })[] | null> {
  const rows = await ctx.db.sql<{ id: string | null; epoch: number; is_accepted: boolean }[]>`
    with renewed as (
      update workers set renewed_pulse = (select n from pulse), renewed_at = now()
      where id = ${worker.id} and generation = ${worker.generation} and state in ('ready', 'draining')
      returning id
    )
    select t.id, t.epoch, t.status <> 'task_assign' as is_accepted
    from renewed left join tasks t on t.worker_id = renewed.id`;
  if (rows.length === 0) return null;
  return rows.flatMap(({ id, epoch, is_accepted }) =>
    id === null ? [] : [{ taskId: id, epoch, isAccepted: is_accepted }],
  );
}

/** No new tasks for this worker; those it has, it may finish. */
export async function drainWorker(ctx: { db: Db }, worker: { id: string }): Promise<void> {
  await ctx.db
    .sql`update workers set state = 'draining' where id = ${worker.id} and state = 'ready'`;
}

export async function retireWorker(ctx: { db: Db }, worker: { id: string }): Promise<void> {
  await ctx.db.sql`update workers set state = 'stopped' where id = ${worker.id}`;
}

export type FreeWorker = { id: string; generation: number; free: number; used: number };

/** Workers of a pool that have a free slot now. A hint: the assign commit checks again. */
export async function listFreeWorkers(ctx: { db: Db }, pool: string): Promise<FreeWorker[]> {
  return ctx.db.sql<FreeWorker[]>`
    select id, generation, slots - used as free, used from workers
    where pool = ${pool} and state = 'ready' and used < slots order by used, id`;
}
