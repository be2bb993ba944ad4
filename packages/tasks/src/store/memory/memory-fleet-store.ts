import { carriesLabels } from '@runfleet/scheduler';

import {
  HOST_LOSS_MOMENT_PULSES,
  HOST_LOSS_PULSES,
  isGone,
  type Peers,
  type WorkerState,
} from '../../fleet/decide-worker.ts';
import type { SuspectKind } from '../../upkeep/suspects.ts';
import type { FleetStore, WorkerCommand } from '../fleet-store.ts';
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
        const { workerId, decide, countsPeers, description = {} } = command;
        const known = database.workers.get(workerId);
        const { n: pulse } = database.pulse;
        const bound = known ? database.countBound(workerId, known.generation) : 0;
        const worker = decide(known ? { ...known } : null, {
          pulse,
          bound,
          ...(countsPeers && { peers: countPeers(database, workerId, countsPeers) }),
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
    listWorkerTasks: ({ id, generation }) =>
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

function countPeers(
  database: MemoryDatabase,
  workerId: string,
  told: Exclude<WorkerCommand['countsPeers'], undefined>,
): Peers {
  const isListed = told === 'as-listed';
  const poolsOf = (id: string) => database.descriptions.get(id)?.pools ?? [];
  const host = isListed ? database.workers.get(workerId)?.host : told.host;
  const pools = isListed ? poolsOf(workerId) : told.pools;
  const peers = [...database.workers.values()].filter(
    ({ id }) => id !== workerId && poolsOf(id).some((pool) => pools.includes(pool)),
  );
  const losses = [...database.workers.values()].filter(
    (worker) =>
      worker.host === host &&
      worker.state === 'lost' &&
      database.pulse.n - worker.renewedPulse <= HOST_LOSS_PULSES,
  );
  const momentOf = ({ renewedPulse }: WorkerState) =>
    Math.floor(renewedPulse / HOST_LOSS_MOMENT_PULSES);
  return {
    ready: peers.filter(({ state }) => state === 'ready').length,
    resting: peers.filter(({ state }) => state === 'quarantined').length,
    hostLosses: new Set(losses.map(momentOf)).size,
  };
}

const boundTasks = (database: MemoryDatabase) => [...database.boundIds];
const queuedTasks = (database: MemoryDatabase) => [...database.queuedIds];
const workers = (database: MemoryDatabase) => [...database.workers.keys()];

/** The decision does not look at workers: only those that one can take. */
function parkedTasks(database: MemoryDatabase): string[] {
  const onDuty = [...database.workers.values()].filter((worker) => !isGone(worker));
  return queuedTasks(database).filter((id) => {
    const state = database.tasks.get(id)?.state;
    return (
      state?.isParked === true &&
      onDuty.some((worker) => {
        const { pools = [], labels = [] } = database.descriptions.get(worker.id) ?? {};
        return pools.includes(state.pool) && carriesLabels(labels, state.requires);
      })
    );
  });
}

/** Everybody whom the decision could concern: it judges, so a list may be too long. */
const SUSPECTS: Record<SuspectKind, (database: MemoryDatabase) => string[]> = {
  'accept-deadlines': boundTasks,
  'lost-workers': boundTasks,
  'overdue-runs': boundTasks,
  'start-deadlines': (database) => [...queuedTasks(database), ...boundTasks(database)],
  'backoff-due': queuedTasks,
  'parked-tasks': parkedTasks,
  'silent-workers': workers,
  quarantines: workers,
  paroles: workers,
  'slot-counts': workers,
};
