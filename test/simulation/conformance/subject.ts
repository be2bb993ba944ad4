/** One of two stores that must behave alike, with access to everything that it stores. */
import type { Account, LimitCount } from '@runfleet/billing';
import type { TaskEvent } from '@runfleet/protocol';
import type { PoolReads, TaskStore } from '@runfleet/tasks';

export type Kept = {
  tasks: unknown[];
  results: unknown[];
  events: Pick<TaskEvent, 'taskId' | 'seq' | 'epoch' | 'type' | 'payload' | 'at'>[];
  accounts: (Account & { id: string })[];
  limitCounts: LimitCount[];
  transfers: unknown[];
  workers: unknown[];
  leases: unknown[];
  keys: { name: string; id: string }[];
};

export type Subject = {
  readonly store: TaskStore;
  readonly reads: PoolReads;
  /** What the store sent to the queue, in order. */
  readonly sent: unknown[];
  setPulse(n: number): Promise<void>;
  /** Reads all tables. */
  readAll(ids: { workerIds: readonly string[]; pools: readonly string[] }): Promise<Kept>;
};

/** A queue that only records what it is sent. */
export function recordingQueue(sent: unknown[]) {
  const record = (verb: string) => (task: unknown) => void sent.push([verb, task]);
  return {
    offer: record('offer'),
    release: record('release'),
    withdraw: record('withdraw'),
    callBack: record('callBack'),
  };
}

/** Rows as decisions see them: read by the store under their locks. */
export async function readUnderLocks(
  store: TaskStore,
  ids: { taskIds: readonly string[]; workerIds: readonly string[]; pools: readonly string[] },
): Promise<Pick<Kept, 'tasks' | 'workers' | 'leases'>> {
  const [tasks, workers, leases]: unknown[][] = [[], [], []];
  for (const taskId of ids.taskIds) {
    const read = () => ({ refused: 'fenced' }) as const;
    tasks?.push(await store.commit({ taskId, readsWorkers: false, decide: read }));
  }
  for (const workerId of ids.workerIds) {
    const read = (worker: unknown) => void workers?.push(worker);
    await store.changeWorker({ workerId, decide: read as never });
  }
  for (const pool of ids.pools) {
    const read = (lease: unknown) => void leases?.push(lease);
    await store.changeLease({ pool, decide: read as never });
  }
  return { tasks: tasks ?? [], workers: workers ?? [], leases: leases ?? [] };
}
