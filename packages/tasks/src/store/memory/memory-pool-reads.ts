import type { QueuedTask } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

import { isGone, SILENT_PULSES, type WorkerState } from '../../fleet/decide-worker.ts';
import type { PlaceableWorker } from '../../fleet/list-workers.ts';
import type { PoolReads } from '../../fleet/pool-reads.ts';
import { lineOf } from '../../life/queue-moves.ts';
import type { TaskState } from '../../life/task-state.ts';
import type { Link } from './link.ts';
import type { MemoryDatabase } from './memory-database.ts';

/** What brokers read to dispatch a pool's tasks, over tables in memory. */
export function openMemoryPoolReads(database: MemoryDatabase, link: Link): PoolReads {
  const { queuedIds, boundIds, clock } = database;
  return {
    listQueuedTasks: ({ pool, requires, afterId, limit, minAgeMs = 0 }) =>
      link(() => {
        const now = clock();
        const before = now - BigInt(Math.round(minAgeMs * 1_000));
        const tasks = statesOf(database, queuedIds).filter(
          ({ notBefore, isParked, changedAt }) =>
            notBefore === null && !isParked && (changedAt <= before || changedAt > now),
        );
        return page(tasks, { pool, requires, afterId, limit });
      }),
    listBoundTasks: (input) => link(() => page(statesOf(database, boundIds), input)),
    listLanes: ({ pool, limit }) =>
      link(() => {
        const required = statesOf(database, queuedIds)
          .filter((task) => task.pool === pool && !task.isParked && task.requires.length > 0)
          .map(({ requires }): [string, string[]] => [laneOf(pool, requires), [...requires]]);
        return [...new Map(required).values()].slice(0, limit);
      }),
    listUnbound: (ids) => link(() => ids.filter((id) => !boundIds.has(id))),
    listWorkers: ({ pool, labels, isFree, limit }) =>
      link(() =>
        [...database.workers.values()]
          .filter((worker) => (isFree ? hasRoom(worker) : !isGone(worker)))
          .filter(({ renewedPulse }) => database.pulse.n - renewedPulse <= SILENT_PULSES)
          .map((worker) => placeable(database, worker))
          .filter(({ models }) => pool in models)
          .filter((worker) => labels.every((label) => worker.labels.includes(label)))
          .toSorted(byLoad)
          .slice(0, limit),
      ),
    readNextFree: (workerIds) =>
      link(() => {
        const now = clock();
        const nextFree = new Map<string, number>();
        for (const { workerId, times, expectedSeconds } of statesOf(database, boundIds)) {
          if (workerId === null || !workerIds.includes(workerId)) continue;
          const inMs = Number((times.acceptedAt ?? now) - now) / 1_000 + expectedSeconds * 1_000;
          nextFree.set(workerId, Math.min(inMs, nextFree.get(workerId) ?? Infinity));
        }
        return nextFree;
      }),
    // Shares never change here.
    listShares: () => link(() => new Map()),
    readPreferences: (ids) =>
      link(() => {
        const preferences = ids.flatMap((id) => {
          const row = database.tasks.get(id);
          if (!row) return [];
          const { affinity } = row.task;
          const { avoids } = row.state;
          return affinity === null && avoids.length === 0
            ? []
            : [[id, { affinity, avoids }] as const];
        });
        return new Map(preferences);
      }),
  };
}

const hasRoom = ({ state, used, slots }: WorkerState) => state === 'ready' && used < slots;

const byLoad = (one: PlaceableWorker, other: PlaceableWorker) =>
  one.used / one.slots - other.used / other.slots || (one.id < other.id ? -1 : 1);

function statesOf(database: MemoryDatabase, ids: ReadonlySet<string>): TaskState[] {
  return [...ids].flatMap((id) => database.tasks.get(id)?.state ?? []);
}

function page(
  tasks: readonly TaskState[],
  input: { pool: string; requires?: readonly string[] | undefined; afterId: string; limit: number },
): QueuedTask[] {
  const { pool, requires, afterId, limit } = input;
  const lane = requires && laneOf(pool, requires);
  return tasks
    .filter((task) => task.pool === pool && Number(task.id) > Number(afterId))
    .filter((task) => lane === undefined || laneOf(pool, task.requires) === lane)
    .toSorted((one, other) => Number(one.id) - Number(other.id))
    .slice(0, limit)
    .map((task) => {
      const { priority, queuedAt } = lineOf({ ...task, queuedAt: task.times.queuedAt ?? 0n });
      return {
        taskId: task.id,
        organisationId: task.organisationId,
        lane: laneOf(pool, task.requires),
        fairnessKey: task.fairnessKey,
        priority,
        cost: task.expectedSeconds * 1_000,
        queuedAt: Number(queuedAt) / 1_000,
        weight: task.weight,
        runningLimit: task.runningLimit,
      };
    });
}

function placeable(database: MemoryDatabase, worker: WorkerState): PlaceableWorker {
  const { id, generation, slots, used } = worker;
  const told = database.descriptions.get(id);
  const busy = new Set(
    statesOf(database, database.boundIds)
      .filter(({ workerId }) => workerId === id)
      .map(({ pool }) => pool),
  );
  const models = (told?.pools ?? []).map((pool) => {
    const isLoaded = pool in (told?.loaded ?? {});
    return [pool, { bytes: told?.sizes?.[pool] ?? 0, isLoaded, isBusy: busy.has(pool) }] as const;
  });
  return {
    id,
    generation,
    // Those that are gone were sorted out before.
    state: worker.state as PlaceableWorker['state'],
    slots,
    used,
    labels: told?.labels ?? [],
    memoryBytes: told?.memoryBytes ?? null,
    models: Object.fromEntries(models),
  };
}
