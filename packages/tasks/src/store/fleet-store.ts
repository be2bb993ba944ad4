/**
 * Workers' rows, pools' leases and what looks wrong in the fleet, as Postgres keeps them. Rows
 * change by the pure decisions of `decide-worker.ts` and `decide-lease.ts` under their lock.
 */
import { type Db, formatMoment, type Statement, transact, type Transaction } from '@runfleet/db';
import type { Micros } from '@runfleet/protocol';

import type { LeaseState } from '../fleet/decide-lease.ts';
import {
  HOST_LOSS_MOMENT_PULSES,
  HOST_LOSS_PULSES,
  type Peers,
  type WorkerDecision,
  type WorkerSnapshot,
  type WorkerState,
} from '../fleet/decide-worker.ts';
import { SUSPECTS, type SuspectKind } from '../upkeep/suspects.ts';

/** A worker's description of itself. No decision depends on it; placement reads it. */
export type WorkerDescription = {
  /** The pools whose tasks it takes. */
  pools: readonly string[];
  /** As `name=value`. */
  labels: readonly string[];
  /** Models in its memory, by pool. */
  loaded: Readonly<Record<string, { bytes: number; contextTokens?: number }>>;
  /** Bytes that each of its models takes once loaded, by pool. */
  sizes: Readonly<Record<string, number>>;
  /** Memory for models; null where it was not measured. */
  memoryBytes: number | null;
  device: Readonly<Record<string, unknown>>;
};

export type WorkerCommand = {
  workerId: string;
  decide: (worker: WorkerState | null, snapshot: WorkerSnapshot) => WorkerDecision;
  /** Where the decision asks for what surrounds the worker, which is counted and not locked. */
  countsPeers?: 'as-listed' | { host: string; pools: readonly string[] };
  /** Written with the decision, where it is to write anything. */
  description?: Partial<WorkerDescription>;
};

type LeaseCommand = {
  pool: string;
  decide: (lease: LeaseState | null, snapshot: { now: Micros }) => LeaseState | undefined;
};

/** A task that is bound to a worker's connection, as its renewals list it. */
export type BoundTask = { taskId: string; epoch: number; isAccepted: boolean };

export type FleetStore = {
  /** The worker as it is now and the pulse of the decision; null where nothing was written. */
  changeWorker(command: WorkerCommand): Promise<{ worker: WorkerState; pulse: number } | null>;
  /** Null where nothing was written. */
  changeLease(command: LeaseCommand): Promise<LeaseState | null>;
  listWorkerTasks(worker: { id: string; generation: number }): Promise<BoundTask[]>;
  /** Ids of what may need repair. Whether it does is decided under its lock, by what is true then. */
  listSuspects(kind: SuspectKind, limit: number): Promise<string[]>;
};

export function openFleetStore(ctx: { db: Db; clock?: () => Micros }): FleetStore {
  const { sql } = ctx.db;
  return {
    changeWorker: ({ workerId, decide, countsPeers, description = {} }) =>
      transact(
        sql,
        (tx) =>
          Promise.all([
            lockWorkers(tx, (of) => of`select ${workerId}::uuid`),
            countBound(tx, workerId),
            readPulse(tx),
            countsPeers && countPeers(tx, workerId, countsPeers),
          ]),
        ([workers, boundBy, pulse, peers]) => {
          const worker = workers.get(workerId) ?? null;
          const bound = boundBy.get(worker?.generation ?? 0) ?? 0;
          const next = decide(worker, { pulse, bound, ...(peers && { peers }) });
          return {
            result: next ? { worker: next, pulse } : null,
            write: (tx) => (next ? [writeWorker(tx, next, description)] : []),
          };
        },
      ),
    changeLease: ({ pool, decide }) =>
      transact(
        sql,
        (tx) => Promise.all([lockLease(tx, pool), readNow(tx)]),
        ([lease, now]) => {
          const next = decide(lease, { now: ctx.clock?.() ?? now });
          return {
            result: next ?? null,
            write: (tx) => (next ? [writeLease(tx, next)] : []),
          };
        },
      ),
    listWorkerTasks: ({ id, generation }) => sql<BoundTask[]>`
      select id as "taskId", epoch, status <> 'task_assign' as "isAccepted" from tasks
      where worker_id = ${id} and worker_generation = ${generation}`,
    async listSuspects(kind, limit) {
      const rows = await SUSPECTS[kind](sql, limit);
      return rows.map((row) => row.id);
    },
  };
}

type WorkerRow = {
  id: string;
  host: string;
  state: WorkerState['state'];
  generation: number;
  slots: number;
  used: number;
  renewed_pulse: string;
  kept_pulse: string;
  seen_pulse: string;
  strikes: number;
  quarantined_until: string | null;
};

const WORKER_COLUMNS = [
  'id',
  'host',
  'state',
  'generation',
  'slots',
  'used',
  'renewed_pulse',
  'kept_pulse',
  'seen_pulse',
  'strikes',
  'quarantined_until',
] as const satisfies readonly (keyof WorkerRow)[];

/** Locks workers by id, in the order of their ids. */
export async function lockWorkers(
  tx: Transaction,
  which: (tx: Transaction) => Statement,
): Promise<Map<string, WorkerState>> {
  const rows = await tx<WorkerRow[]>`
    select ${tx(WORKER_COLUMNS)} from workers where id in (${which(tx)}) order by id for update`;
  return new Map(rows.map((row) => [row.id, toWorkerState(row)]));
}

function toWorkerState(row: WorkerRow): WorkerState {
  return {
    id: row.id,
    host: row.host,
    state: row.state,
    generation: row.generation,
    slots: row.slots,
    used: row.used,
    renewedPulse: Number(row.renewed_pulse),
    keptPulse: Number(row.kept_pulse),
    seenPulse: Number(row.seen_pulse),
    strikes: row.strikes,
    quarantinedUntil: row.quarantined_until === null ? null : Number(row.quarantined_until),
  };
}

/** Tasks bound to each connection of a worker. Read after the worker's lock, which every binding takes. */
async function countBound(tx: Transaction, workerId: string): Promise<Map<number, number>> {
  const rows = await tx<{ generation: number; count: string }[]>`
    select worker_generation as generation, count(*) as count from tasks
    where worker_id = ${workerId} group by worker_generation`;
  return new Map(rows.map((row) => [row.generation, Number(row.count)]));
}

/** A worker that is not on the list yet says itself where it is and what it serves. */
async function countPeers(
  tx: Transaction,
  workerId: string,
  told: 'as-listed' | { host: string; pools: readonly string[] },
): Promise<Peers> {
  const { host, pools } = told === 'as-listed' ? { host: null, pools: null } : told;
  const [row] = await tx<Peers[]>`
    with self as (
      select coalesce(${host}, (select host from workers where id = ${workerId})) as host,
        coalesce(${pools}::text[],
          (select pools from workers where id = ${workerId})) as pools
    )
    select (count(o.id) filter (where o.state = 'ready'))::int as ready,
      (count(o.id) filter (where o.state = 'quarantined'))::int as resting,
      (select count(distinct w.renewed_pulse / ${HOST_LOSS_MOMENT_PULSES}) from workers w, pulse p
        where w.host = self.host and w.state = 'lost'
          and p.n - w.renewed_pulse <= ${HOST_LOSS_PULSES})::int as "hostLosses"
    from self left join workers o
      on o.id <> ${workerId} and o.pools && self.pools and o.state in ('ready', 'quarantined')
    group by self.host`;
  return row ?? { ready: 0, resting: 0, hostLosses: 0 };
}

async function readPulse(tx: Transaction): Promise<number> {
  const [row] = await tx<{ n: string }[]>`select n from pulse`;
  if (!row) throw new Error('The pulse row is missing; run the migrations.');
  return Number(row.n);
}

/** A description's field that is not told keeps its value. */
function writeWorker(
  tx: Transaction,
  worker: WorkerState,
  told: Partial<WorkerDescription>,
): Statement {
  const json = (value: unknown) => (value === undefined ? null : JSON.stringify(value));
  const pools = told.pools;
  return tx`
    insert into workers as w (id, host, state, generation, slots, used, renewed_pulse, kept_pulse,
      seen_pulse, strikes, quarantined_until, renewed_at, started_at, pools, labels, loaded, sizes,
      memory_bytes, device)
    values (${worker.id}, ${worker.host}, ${worker.state}, ${worker.generation}, ${worker.slots},
      ${worker.used}, ${worker.renewedPulse}, ${worker.keptPulse}, ${worker.seenPulse},
      ${worker.strikes}, ${worker.quarantinedUntil}, now(), now(), ${pools ?? []},
      ${told.labels ?? []}, ${json(told.loaded ?? {})}::text::jsonb,
      ${json(told.sizes ?? {})}::text::jsonb,
      ${told.memoryBytes ?? null}, ${json(told.device ?? {})}::text::jsonb)
    on conflict (id) do update set
      host = excluded.host, state = excluded.state, generation = excluded.generation,
      slots = excluded.slots, used = excluded.used, strikes = excluded.strikes,
      seen_pulse = excluded.seen_pulse, quarantined_until = excluded.quarantined_until,
      renewed_at = case when w.renewed_pulse = excluded.renewed_pulse then w.renewed_at else now() end,
      renewed_pulse = excluded.renewed_pulse, kept_pulse = excluded.kept_pulse,
      pools = case when ${pools !== undefined} then excluded.pools else w.pools end,
      labels = case when ${told.labels !== undefined} then excluded.labels else w.labels end,
      loaded = case when ${told.loaded !== undefined} then excluded.loaded else w.loaded end,
      sizes = case when ${told.sizes !== undefined} then excluded.sizes else w.sizes end,
      memory_bytes = case when ${told.memoryBytes !== undefined} then excluded.memory_bytes
        else w.memory_bytes end,
      device = case when ${told.device !== undefined} then excluded.device else w.device end`;
}

/** A pool's first row is a lease without a holder, so that two first brokers meet at its lock. */
async function lockLease(tx: Transaction, pool: string): Promise<LeaseState | null> {
  const [, [row]] = await Promise.all([
    tx`
      insert into pool_leases (pool, holder, generation, renewed_at) values (${pool}, '', 0, 'epoch')
      on conflict (pool) do nothing`,
    tx<LeaseState[]>`
      select pool, holder, generation, renewed_at as "renewedAt", index_mark as "indexMark"
      from pool_leases where pool = ${pool} for update`,
  ]);
  return row ?? null;
}

async function readNow(tx: Transaction): Promise<Micros> {
  const [row] = await tx<{ now: Micros }[]>`select clock_timestamp() as now`;
  return row?.now ?? 0n;
}

function writeLease(tx: Transaction, lease: LeaseState): Statement {
  const { pool, holder, generation, renewedAt, indexMark } = lease;
  return tx`
    update pool_leases set holder = ${holder}, generation = ${generation},
      renewed_at = ${formatMoment(renewedAt)}::text::timestamptz, index_mark = ${indexMark}
    where pool = ${pool}`;
}
