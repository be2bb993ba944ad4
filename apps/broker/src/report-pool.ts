/** Reports a pool's load, and why its workers are idle, to operators about once a second. */
import type { IdleReason } from '@runfleet/protocol';
import { explainIdle, fitModel, type HeldWhy } from '@runfleet/scheduler';
import { type PlaceableWorker, writePoolReport } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import type { PoolLoad } from './pool-index.ts';

/** Workers whose own reason is stored; all of them are counted. */
const EXPLAINED_MAX = 200;
const SHARES_TENANTS_MAX = 1_000;
const QUANTILES = [0.1, 0.5, 0.9] as const;

/** A leader's view of its pool. */
type PoolSnapshot = {
  pool: string;
  load: PoolLoad;
  held: readonly { task: { requires: readonly string[] }; why: HeldWhy }[];
  fleet: readonly PlaceableWorker[];
  /** Workers that the pool currently leaves to others. */
  excluded: ReadonlySet<string>;
  unservedMs: number | null;
  /** Whether the last round assigned nothing: only then does a free slot count as idle. */
  isQuiet: boolean;
};

export async function reportPool(ctx: BrokerContext, snapshot: PoolSnapshot): Promise<void> {
  const { pool, load } = snapshot;
  const { queued, running } = load;
  const reasons = snapshot.isQuiet ? explainFleet(snapshot) : new Map<string, IdleReason>();
  const idle: Partial<Record<IdleReason, number>> = {};
  for (const reason of reasons.values()) idle[reason] = (idle[reason] ?? 0) + 1;
  const waitMs =
    load.oldestQueuedAt === null ? null : Math.max(0, Date.now() - load.oldestQueuedAt);
  const unservedMs =
    snapshot.unservedMs === null || waitMs === null ? null : Math.min(snapshot.unservedMs, waitMs);
  const oldestWaitSeconds = waitMs === null ? null : waitMs / 1_000;
  ctx.metrics.poolLoadIs(pool, {
    queued,
    running,
    oldestWaitSeconds: oldestWaitSeconds ?? 0,
    idle,
  });
  const workers = Object.fromEntries([...reasons].slice(0, EXPLAINED_MAX));
  await writePoolReport(ctx, {
    pool,
    holder: ctx.brokerId,
    report: { queued, running, oldestWaitSeconds, unservedMs, idle, workers },
  });
}

function explainFleet(snapshot: PoolSnapshot): Map<string, IdleReason> {
  const { pool, load, held, fleet, excluded } = snapshot;
  const waiting = {
    lanes: load.waitingLanes.map(({ requires }) => requires),
    held: held.map(({ task, why }) => ({ requires: task.requires, why })),
  };
  const idle = fleet.filter(({ state, used, slots }) => state !== 'ready' || used < slots);
  return new Map(
    idle.map((worker) => [
      worker.id,
      explainIdle(
        { ...worker, fit: fitModel(pool, worker), isLeft: excluded.has(worker.id) },
        waiting,
      ),
    ]),
  );
}

/**
 * Reports how fairly tenants with queued tasks share the slots: 1 is exactly a tenant's share by
 * weight.
 */
export async function reportShares(ctx: BrokerContext, pool: string): Promise<void> {
  const tenants = await ctx.queue.readShares(pool, SHARES_TENANTS_MAX);
  const running = tenants.reduce((sum, tenant) => sum + tenant.running, 0);
  const ratios = tenants
    .filter(({ queued }) => queued > 0)
    .map((tenant) => (running === 0 ? 0 : tenant.running / running / tenant.share))
    .toSorted((one, other) => one - other);
  for (const quantile of QUANTILES) {
    const at = Math.floor(quantile * (ratios.length - 1));
    ctx.metrics.sharesAre(pool, quantile, ratios[Math.max(0, at)] ?? 1);
  }
}
