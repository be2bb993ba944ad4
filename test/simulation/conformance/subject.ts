/** One of two stores that must do the same, and how to look at all that it keeps. */
import type { Account } from '@runfleet/billing';
import type { TaskEvent } from '@runfleet/protocol';
import type { PoolReads, TaskStore } from '@runfleet/tasks';

export type Kept = {
  tasks: unknown[];
  results: unknown[];
  events: Pick<TaskEvent, 'taskId' | 'seq' | 'epoch' | 'type' | 'payload' | 'at'>[];
  accounts: (Account & { id: string })[];
  transfers: unknown[];
  workers: unknown[];
  leases: unknown[];
  keys: { name: string; id: string }[];
};

export type Subject = {
  readonly store: TaskStore;
  readonly reads: PoolReads;
  /** What the queue was told, in order. */
  readonly told: unknown[];
  setPulse(n: number): Promise<void>;
  /** Everything that can be seen of the tasks and workers of a trace. */
  readAll(ids: { workerIds: readonly string[]; pools: readonly string[] }): Promise<Kept>;
};

/** A queue that only remembers what it was told. */
export function toldQueue(told: unknown[]) {
  const tell = (verb: string) => (task: unknown) => void told.push([verb, task]);
  return { offer: tell('offer'), release: tell('release'), withdraw: tell('withdraw') };
}

/** Rows as the store itself reads them under their locks, which is what decisions see. */
export async function readUnderLocks(
  store: TaskStore,
  ids: { taskIds: readonly string[]; workerIds: readonly string[]; pools: readonly string[] },
): Promise<Pick<Kept, 'tasks' | 'workers' | 'leases'>> {
  const [tasks, workers, leases]: unknown[][] = [[], [], []];
  for (const taskId of ids.taskIds) {
    const look = () => ({ refused: 'fenced' }) as const;
    tasks?.push(await store.commit({ taskId, readsWorkers: false, decide: look }));
  }
  for (const workerId of ids.workerIds) {
    const look = (worker: unknown) => void workers?.push(worker);
    await store.changeWorker({ workerId, decide: look as never });
  }
  for (const pool of ids.pools) {
    const look = (lease: unknown) => void leases?.push(lease);
    await store.changeLease({ pool, decide: look as never });
  }
  return { tasks: tasks ?? [], workers: workers ?? [], leases: leases ?? [] };
}
