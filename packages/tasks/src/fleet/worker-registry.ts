import type { BoundTask, FleetStore, WorkerDescription } from '../store/fleet-store.ts';
import type { TaskStore } from '../store/task-store.ts';
import { repair } from '../upkeep/reconcile.ts';
/**
 * The list of workers. A worker renews its own row; its tasks refer to (worker, generation), so
 * there is no lease per task.
 */
import {
  decideDrain,
  decideKeepLease,
  decidePardon,
  decideRegister,
  decideRenew,
  decideRetire,
} from './decide-worker.ts';

type Ctx = { store: FleetStore };

export type WorkerDevice = {
  engine: string;
  model: string;
  provider: string;
  device: string;
  version: string;
};

/** Puts a worker on the list with all slots free. A second call of the same id is a new generation. */
export async function registerWorker(
  ctx: { store: TaskStore },
  worker: { id: string; host: string; slots: number; description: WorkerDescription },
): Promise<{ generation: number }> {
  const { id, host, slots, description } = worker;
  const registered = await ctx.store.changeWorker({
    workerId: id,
    decide: (known, snapshot) => decideRegister(known, { id, host, slots }, snapshot),
    countsPeers: { host, pools: description.pools },
    description,
  });
  if (!registered) throw new Error(`Worker ${id} could not be put on the list.`);
  if (description.labels.length > 0) {
    await repair(ctx, 'parked-tasks').catch(() => {
      // Those that waited for it are found by the brokers, somewhat later.
    });
  }
  return { generation: registered.worker.generation };
}

/**
 * Renews a worker's lease and lists the tasks that are bound to it, so that a lost ticket or a
 * lost kill notice costs one renewal. `seenPulse` is the `pulse` of the last answer that arrived
 * (0 before the first), which proves that its list was seen. Null: the worker was declared lost,
 * or another connection took over, and it must register again.
 */
export async function renewWorker(
  ctx: Ctx,
  worker: {
    id: string;
    generation: number;
    seenPulse: number;
    loaded?: WorkerDescription['loaded'];
  },
): Promise<{ pulse: number; tasks: BoundTask[] } | null> {
  const { id, generation, seenPulse, loaded } = worker;
  const renewed = await ctx.store.changeWorker({
    workerId: id,
    decide: (known, snapshot) => decideRenew(known, { generation, seenPulse }, snapshot),
    ...(loaded && { description: { loaded } }),
  });
  if (!renewed) return null;
  return { pulse: renewed.pulse, tasks: await ctx.store.listWorkerTasks({ id, generation }) };
}

/** Keeps the lease of a worker that is too busy to renew it. Whether it was there to be kept. */
export async function keepLease(
  ctx: Ctx,
  worker: { id: string; generation: number },
): Promise<boolean> {
  const { id, generation } = worker;
  const kept = await ctx.store.changeWorker({
    workerId: id,
    decide: (known, snapshot) => decideKeepLease(known, { generation }, snapshot),
  });
  return kept !== null;
}

/** No new tasks for this worker; those it has, it may finish. Whether it was on duty until now. */
export async function drainWorker(ctx: Ctx, worker: { id: string }): Promise<boolean> {
  return (await ctx.store.changeWorker({ workerId: worker.id, decide: decideDrain })) !== null;
}

/** Takes a worker off the list. What is still bound to it goes back to the queue, by a broker. */
export async function retireWorker(ctx: Ctx, worker: { id: string }): Promise<void> {
  await ctx.store.changeWorker({ workerId: worker.id, decide: decideRetire });
}

/** Ends a worker's quarantine by an operator's word. Whether it was in one. */
export async function pardonWorker(ctx: Ctx, worker: { id: string }): Promise<boolean> {
  return (await ctx.store.changeWorker({ workerId: worker.id, decide: decidePardon })) !== null;
}
