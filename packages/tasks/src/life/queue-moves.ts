import type { Micros } from '@runfleet/protocol';
/**
 * What a commit means for the index of queued tasks: who comes in line, who leaves it, whose slot is
 * free. Told after the commit, as hints that may be lost: brokers reconcile the index with Postgres.
 */
import type { QueuedTask, TaskQueue } from '@runfleet/queue';
import { laneOf } from '@runfleet/scheduler';

/** What the index needs of a task. */
export type IndexedState = {
  id: string;
  organisationId: string;
  pool: string;
  requires: readonly string[];
  fairnessKey: string;
  priority: number;
  expectedSeconds: number;
  weight: number;
  runningLimit: number | null;
};

export type QueueMove =
  | { do: 'offer'; task: QueuedTask }
  | { do: 'withdraw'; task: Parameters<TaskQueue['withdraw']>[0] }
  | { do: 'release'; task: Parameters<TaskQueue['release']>[0] }
  | { do: 'callBack'; task: Parameters<TaskQueue['callBack']>[0] };

/** A queued task that may be picked. */
export function offerOf(state: IndexedState, queuedAt: Micros): QueueMove {
  const { priority, weight, runningLimit } = state;
  const cost = Math.round(state.expectedSeconds * 1_000);
  return {
    do: 'offer',
    task: { priority, cost, queuedAt: msOf(queuedAt), weight, runningLimit, ...nameOf(state) },
  };
}

/**
 * After so many failed attempts a task may be what its workers died of: it is tried with no other like
 * it, and from the end of its line.
 */
export const SUSPECT_ATTEMPTS = 2;

/** A task's place in its line: a suspect loses its head start, and the time that it waited before. */
export function lineOf(state: {
  infraAttempts: number;
  priority: number;
  queuedAt: Micros;
  changedAt: Micros;
}): { priority: number; queuedAt: Micros } {
  const { infraAttempts, priority, queuedAt, changedAt } = state;
  return infraAttempts < SUSPECT_ATTEMPTS
    ? { priority, queuedAt }
    : { priority: 0, queuedAt: changedAt };
}

/** A queued task that may not be picked any more. */
export function withdrawalOf(state: IndexedState): QueueMove {
  return { do: 'withdraw', task: nameOf(state) };
}

/** A task whose slot is free. `used`: how long it had the slot. */
export function releaseOf(state: IndexedState, used: Micros): QueueMove {
  return { do: 'release', task: { usedMs: msOf(used), ...nameOf(state) } };
}

/** Tells the queue in order, and waits for nothing. */
export function tellQueue(
  queue: Pick<TaskQueue, QueueMove['do']>,
  moves: readonly QueueMove[],
): void {
  for (const move of moves) {
    if (move.do === 'offer') queue.offer(move.task);
    else if (move.do === 'withdraw') queue.withdraw(move.task);
    else if (move.do === 'release') queue.release(move.task);
    else queue.callBack(move.task);
  }
}

function nameOf({ id, organisationId, pool, requires, fairnessKey }: IndexedState) {
  return { lane: laneOf(pool, requires), organisationId, taskId: id, fairnessKey };
}

function msOf(micros: Micros): number {
  return Number(micros / 1_000n);
}
