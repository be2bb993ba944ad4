import type { FleetStore } from '../fleet-store.ts';
import type { SuspectKind } from '../suspects.ts';
import type { Link } from './link.ts';
import type { MemoryDatabase } from './memory-database.ts';
import type { Transaction } from './transaction.ts';

/** The fleet store over tables in memory, by the same decisions. */
export function openMemoryFleetStore(options: {
  database: MemoryDatabase;
  link: Link;
  note: ((transaction: Transaction) => void) | undefined;
}): FleetStore {
  const { database, link, note } = options;
  return {
    changeWorker: (command) =>
      link(() => {
        const { workerId, decide, description = {} } = command;
        const known = database.workers.get(workerId);
        const { n: pulse } = database.pulse;
        const bound = known ? database.countBound(workerId, known.generation) : 0;
        const worker = decide(known ? { ...known } : null, {
          pulse,
          bound,
          peers: countPeers(database, workerId),
        });
        if (worker) database.write({ worker, description });
        const answer = worker ? { worker: { ...worker }, pulse } : null;
        note?.({ do: 'change worker', command, answer });
        return answer;
      }),
    changeLease: (command) =>
      link(() => {
        const { pool, decide } = command;
        const lease = decide(database.poolLeases.get(pool) ?? null, { now: database.clock() });
        if (lease) database.poolLeases.set(pool, lease);
        const answer = lease ? { ...lease } : null;
        note?.({ do: 'change lease', command, answer });
        return answer;
      }),
    listBoundTasks: ({ id, generation }) =>
      link(() =>
        [...database.boundIds].flatMap((taskId) => {
          const state = database.tasks.get(taskId)?.state;
          if (state?.workerId !== id || state.workerGeneration !== generation) return [];
          return [{ taskId, epoch: state.epoch, isAccepted: state.status !== 'task_assign' }];
        }),
      ),
    listSuspects: (kind, limit) => link(() => SUSPECTS[kind](database).slice(0, limit)),
  };
}

function countPeers(database: MemoryDatabase, workerId: string) {
  const peers = [...database.workers.values()].filter(({ id }) => id !== workerId);
  return {
    ready: peers.filter(({ state }) => state === 'ready').length,
    resting: peers.filter(({ state }) => state === 'quarantined').length,
  };
}

const boundTasks = (database: MemoryDatabase) => [...database.boundIds];
const queuedTasks = (database: MemoryDatabase) => [...database.queuedIds];
const workers = (database: MemoryDatabase) => [...database.workers.keys()];

/** Everybody whom the decision could concern: it judges, so a list may be too long. */
const SUSPECTS: Record<SuspectKind, (database: MemoryDatabase) => string[]> = {
  'accept-deadlines': boundTasks,
  'lost-workers': boundTasks,
  'overdue-runs': boundTasks,
  'start-deadlines': (database) => [...queuedTasks(database), ...boundTasks(database)],
  'backoff-due': queuedTasks,
  'silent-workers': workers,
  quarantines: workers,
  paroles: workers,
  'slot-counts': workers,
};
