import type { IdleReason } from '@runfleet/protocol';
/** What a pool's leader tells operators about once a second: who waits, and why workers have nothing to do. */
import type { PoolLoad } from '@runfleet/queue';
import { explainIdle, fitModel, type HeldWhy } from '@runfleet/scheduler';
import { type PlaceableWorker, writePoolStanding } from '@runfleet/tasks';

import type { BrokerContext } from './context.ts';
import type { Lane } from './pool-index.ts';

/** Workers whose own reason is written down; all of them are counted. */
const EXPLAINED_MAX = 200;
const SHARES_TENANTS_MAX = 1_000;
const QUANTILES = [0.1, 0.5, 0.9] as const;

type Seen = {
  pool: string;
  load: PoolLoad & { waitingLanes: readonly Lane[] };
  held: readonly { task: { requires: readonly string[] }; why: HeldWhy }[];
  fleet: readonly PlaceableWorker[];
  /** Workers that the pool leaves to others for now. */
  left: ReadonlySet<string>;
  unservedMs: number | null;
  /** Whether the last round left nothing more to do: only then is a free slot an idle one. */
  isQuiet: boolean;
};

export async function reportStanding(ctx: BrokerContext, seen: Seen): Promise<void> {
  const { pool, load } = seen;
  const { queued, running } = load;
  const reasons = seen.isQuiet ? explainFleet(seen) : new Map<string, IdleReason>();
  const idle: Partial<Record<IdleReason, number>> = {};
  for (const reason of reasons.values()) idle[reason] = (idle[reason] ?? 0) + 1;
  const waitMs =
    load.oldestQueuedAt === null ? null : Math.max(0, Date.now() - load.oldestQueuedAt);
  const unservedMs =
    seen.unservedMs === null || waitMs === null ? null : Math.min(seen.unservedMs, waitMs);
  const oldestWaitSeconds = waitMs === null ? null : waitMs / 1_000;
  ctx.metrics.poolStands(pool, {
    queued,
    running,
    oldestWaitSeconds: oldestWaitSeconds ?? 0,
    idle,
  });
  const workers = Object.fromEntries([...reasons].slice(0, EXPLAINED_MAX));
  await writePoolStanding(ctx, {
    pool,
    holder: ctx.brokerId,
    standing: { queued, running, oldestWaitSeconds, unservedMs, idle, workers },
  });
}

function explainFleet({ pool, load, held, fleet, left }: Seen): Map<string, IdleReason> {
  const waiting = {
    lanes: load.waitingLanes.map(({ requires }) => requires),
    held: held.map(({ task, why }) => ({ requires: task.requires, why })),
  };
  const idle = fleet.filter(({ state, used, slots }) => state !== 'ready' || used < slots);
  return new Map(
    idle.map((worker) => [
      worker.id,
      explainIdle({ ...worker, fit: fitModel(pool, worker), isLeft: left.has(worker.id) }, waiting),
    ]),
  );
}

/** How slots are shared among those who want more: 1 is exactly what a tenant's weight gives it. */
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
