import type { FleetStore } from '../fleet-store.ts';
import type { SuspectKind } from '../suspects.ts';
import type { Link } from './link.ts';
import type { MemoryDatabase } from './memory-database.ts';

/** The fleet store over tables in memory, by the same decisions. */
export function openMemoryFleetStore(database: MemoryDatabase, link: Link): FleetStore {
  return {
    changeWorker: ({ workerId, decide, description = {} }) =>
      link(() => {
        const known = database.workers.get(workerId);
        const { n: pulse } = database.pulse;
        const bound = known ? database.countBound(workerId, known.generation) : 0;
        const worker = decide(known ? { ...known } : null, {
          pulse,
          bound,
          peers: countPeers(database, workerId),
        });
        if (!worker) return null;
        database.write({ worker, description });
        return { worker: { ...worker }, pulse };
      }),
    changeLease: ({ pool, decide }) =>
      link(() => {
        const lease = decide(database.poolLeases.get(pool) ?? null, { now: database.clock() });
        if (!lease) return null;
        database.poolLeases.set(pool, lease);
        return { ...lease };
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
