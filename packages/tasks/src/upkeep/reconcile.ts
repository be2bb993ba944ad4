/**
 * What a broker repairs. Each reconciler is idempotent: it lists suspects, and repairs them with the
 * ordinary decisions, which check again under the row's lock.
 */
import type { Db } from '@runfleet/db';

import {
  decideParole,
  decideQuarantine,
  decideReap,
  decideSlotCount,
  PULSE_MS_MIN,
} from '../fleet/decide-worker.ts';
import {
  decideExpireOverdue,
  decideExpireUnstarted,
  decideRequeueOrphan,
  decideResume,
  decideReturnLate,
  decideUnpark,
} from '../life/decide.ts';
import type { WorkerCommand } from '../store/fleet-store.ts';
import type { TaskCommand } from '../store/plan-commit.ts';
import type { TaskStore } from '../store/task-store.ts';
import type { SuspectKind } from './suspects.ts';

type Ctx = { store: TaskStore };

/** Repairs at once. The next tick repairs the rest. */
const REPAIR_MAX = 500;

/** Ticks the pulse, at most once a second however many brokers call, whatever the clock does. */
export async function tickPulse(ctx: { db: Db }): Promise<void> {
  await ctx.db.sql`
    update pulse set n = n + 1, at = clock_timestamp()
    where at <= clock_timestamp() - make_interval(secs => ${PULSE_MS_MIN / 1_000})
      or at > clock_timestamp()`;
}

/** Repairs of tasks: each decision runs under the suspect's lock, and moves it if it has to. */
const TASK_REPAIRS = {
  'accept-deadlines': decideReturnLate,
  'lost-workers': decideRequeueOrphan,
  'overdue-runs': decideExpireOverdue,
  'start-deadlines': decideExpireUnstarted,
  'backoff-due': decideResume,
  'parked-tasks': decideUnpark,
} as const satisfies Partial<Record<SuspectKind, TaskCommand['decide']>>;

/** Repairs of workers' rows, likewise. */
const WORKER_REPAIRS = {
  'silent-workers': decideReap,
  quarantines: decideQuarantine,
  paroles: decideParole,
  'slot-counts': decideSlotCount,
} as const satisfies Partial<Record<SuspectKind, WorkerCommand['decide']>>;

type TaskRepair = keyof typeof TASK_REPAIRS;
type WorkerRepair = keyof typeof WORKER_REPAIRS;
export type Repair = TaskRepair | WorkerRepair;

/** Ordered so that a repair can use what the one before it changed. */
export const REPAIRS = [
  'silent-workers',
  'lost-workers',
  'accept-deadlines',
  'overdue-runs',
  'start-deadlines',
  'backoff-due',
  'parked-tasks',
  'quarantines',
  'paroles',
  'slot-counts',
] as const satisfies readonly Repair[];

/** Runs one reconciler over its suspects. Returns how many it repaired. */
export async function repair(ctx: Ctx, name: Repair): Promise<number> {
  const suspects = await ctx.store.listSuspects(name, REPAIR_MAX);
  const repaired = await Promise.all(suspects.map((id) => repairOne(ctx, name, id)));
  return repaired.filter(Boolean).length;
}

/** Repairs one suspect if it needs it. Returns whether it did. */
export async function repairOne(ctx: Ctx, name: Repair, id: string): Promise<boolean> {
  if (isTaskRepair(name)) {
    const decide = TASK_REPAIRS[name];
    return !('refused' in (await ctx.store.commit({ taskId: id, readsWorkers: true, decide })));
  }
  const changed = await ctx.store.changeWorker({
    workerId: id,
    decide: WORKER_REPAIRS[name],
    ...(name === 'quarantines' && { countsPeers: 'as-listed' }),
  });
  return changed !== null;
}

function isTaskRepair(name: Repair): name is TaskRepair {
  return name in TASK_REPAIRS;
}
