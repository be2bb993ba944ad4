/**
 * Simulates a pool of GPU slots with the scheduler's fair queue, event by event on a virtual clock: tasks
 * arrive, wait, run and end. It has no other delays, so its results depend on the order alone.
 */
import { FairQueue, type FairTask } from '@runfleet/scheduler';

import { EventHeap } from './event-heap.ts';

/** How a tenant behaves. Times in ms. */
export type SimulatedTenant = {
  id: string;
  weight: number;
  /** Tasks queued at the start. */
  backlog: number;
  /** Each picked task is replaced by a new one. */
  isRefilled: boolean;
  /** Time between further arrivals; infinite for none. */
  betweenMs: () => number;
  runMs: () => number;
  /** The expected run time when a task is queued. */
  expectedMs: number;
};

export type SimulatedFleet = {
  tenants: readonly SimulatedTenant[];
  slots: number;
  forMs: number;
  windowMs: number;
};

export type Simulated = {
  /** Slot-ms that each tenant had in each window. */
  windows: Map<string, number>[];
  /** Tenants that had a queued task throughout the window. */
  backlogged: Set<string>[];
  /** Waits of started tasks in whole ms, by tenant. */
  waitsMs: Map<string, number[]>;
  picks: number;
  /** Time spent in the queue's inserts, picks and releases. */
  queueMs: number;
};

export function simulateFleet(fleet: SimulatedFleet): Simulated {
  const { slots, forMs, windowMs } = fleet;
  const queue = new FairQueue();
  const events = new EventHeap<() => void>();
  const tenants = new Map(fleet.tenants.map((tenant) => [tenant.id, tenant]));
  const waiting = new Map<string, number>();
  const waitsMs = new Map<string, number[]>(fleet.tenants.map(({ id }) => [id, []]));
  const windows = Array.from(
    { length: Math.ceil(forMs / windowMs) },
    () => new Map<string, number>(),
  );
  const backlogged = windows.map(() => new Set(tenants.keys()));
  let [now, free, lastId, picks, queueMs] = [0, slots, 0, 0, 0];

  const timed = <T>(work: () => T): T => {
    const from = performance.now();
    const result = work();
    queueMs += performance.now() - from;
    return result;
  };
  const offer = (tenant: SimulatedTenant) => {
    const { id: organisationId, weight, expectedMs: cost } = tenant;
    const task: FairTask = {
      organisationId,
      taskId: String((lastId += 1)),
      fairnessKey: '',
      priority: 0,
      cost,
      queuedAt: Math.floor(now),
      weight,
      runningLimit: null,
    };
    timed(() => queue.insert(task));
    waiting.set(organisationId, (waiting.get(organisationId) ?? 0) + 1);
  };
  const noteRun = (id: string, from: number, to: number) => {
    for (let start = from; start < Math.min(to, forMs);) {
      const window = Math.floor(start / windowMs);
      const end = Math.min(to, (window + 1) * windowMs);
      const had = windows[window];
      had?.set(id, (had.get(id) ?? 0) + end - start);
      start = end;
    }
  };
  const pickAll = () => {
    while (free > 0) {
      const task = timed(() => queue.pick());
      if (task === null) return;
      const tenant = tenants.get(task.organisationId);
      if (!tenant) throw new Error(`There is no tenant ${task.organisationId}.`);
      free -= 1;
      picks += 1;
      waitsMs.get(tenant.id)?.push(Math.floor(now) - task.queuedAt);
      const usedMs = tenant.runMs();
      noteRun(tenant.id, now, now + usedMs);
      events.add(now + usedMs, () => {
        free += 1;
        timed(() => queue.release(task.taskId, usedMs));
      });
      if (tenant.isRefilled) offer(tenant);
      const left = (waiting.get(tenant.id) ?? 0) - 1;
      waiting.set(tenant.id, left);
      if (left === 0) backlogged[Math.floor(now / windowMs)]?.delete(tenant.id);
    }
  };
  const scheduleArrival = (tenant: SimulatedTenant) => {
    const afterMs = tenant.betweenMs();
    if (!Number.isFinite(afterMs)) return;
    events.add(now + afterMs, () => {
      offer(tenant);
      scheduleArrival(tenant);
    });
  };

  for (const tenant of fleet.tenants) {
    for (let i = 0; i < tenant.backlog; i++) offer(tenant);
    scheduleArrival(tenant);
  }
  for (const [window, through] of backlogged.entries()) {
    events.add(window * windowMs, () => {
      for (const id of through) if (!waiting.get(id)) through.delete(id);
    });
  }
  pickAll();
  for (let next = events.take(); next && next.at < forMs; next = events.take()) {
    now = next.at;
    next.item();
    pickAll();
  }
  return { windows, backlogged, waitsMs, picks, queueMs };
}
