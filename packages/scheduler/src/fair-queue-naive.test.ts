import { describe, expect, test } from 'vitest';

import { NaiveFairQueue } from './fair-queue-naive.ts';
import {
  boundFairTask,
  boundShare,
  boundUsedMs,
  COST_MS_MAX,
  type FairTask,
  type Share,
  PRIORITY_SECONDS_MAX,
  WEIGHT_MAX,
  WEIGHT_MIN,
} from './fair-queue-task.ts';
import { fairTrace, type FairOperation, seededRandom } from './fair-queue-trace.ts';
import { FairQueue } from './fair-queue.ts';

/** A queue's answer to one operation. */
function apply(queue: FairQueue | NaiveFairQueue, operation: FairOperation): unknown {
  switch (operation.do) {
    case 'insert':
    case 'restoreRunning':
      return operation.tasks.map((task) => queue[operation.do](task));
    case 'pick':
      return Array.from({ length: operation.count }, () => queue.pick());
    case 'putBack':
      return operation.taskIds.map((taskId) => queue.putBack(taskId));
    case 'release':
      return operation.runs.map(({ task, usedMs }) => queue.release(task.taskId, usedMs));
    case 'withdraw':
      return operation.tasks.map(({ taskId }) => queue.withdraw(taskId));
    case 'setShare':
      return operation.shares.map((one) => queue.setShare(one));
    case 'wipe':
      return queue.clear();
  }
}

/**
 * Few tenants, keys and ids, small numbers and many ties, so that rare cases of a real pool are
 * common.
 */
function* denseTrace(random: () => number, naive: NaiveFairQueue): Generator<FairOperation> {
  const below = (n: number) => Math.floor(random() * n);
  const oneOf = <T>(items: readonly T[]) => items[below(items.length)] as T;
  let lastId = 5;
  const newShare = (): Share => ({
    organisationId: oneOf(['a', 'b', 'c']),
    weight: oneOf([1, 1, 2, 100]),
    runningLimit: oneOf([null, null, 1, 2]),
  });
  const newTask = (): FairTask => ({
    ...newShare(),
    taskId: String((lastId += 1)),
    fairnessKey: oneOf(['', 'ann', 'bob']),
    priority: 0,
    cost: 1 + below(9),
    queuedAt: below(2),
  });
  const known = () => [
    ...naive.queued.values(),
    ...[...naive.running.values()].map(({ task }) => task),
  ];
  for (;;) {
    const some = known();
    const task = some.length > 0 && below(4) > 0 ? oneOf(some) : newTask();
    const dice = below(20);
    if (dice < 6) yield { do: 'insert', tasks: [newTask()] };
    else if (dice < 10) yield { do: 'pick', count: 1 };
    else if (dice < 14) yield { do: 'release', runs: [{ task, usedMs: below(12) }] };
    else if (dice < 15) yield { do: 'withdraw', tasks: [task] };
    else if (dice < 17) yield { do: 'putBack', taskIds: [task.taskId] };
    else if (dice < 18) {
      const { weight, runningLimit } = naive.tenants.get(task.organisationId) ?? newShare();
      const same = { organisationId: task.organisationId, weight, runningLimit };
      yield { do: 'setShare', shares: [newShare(), same] };
    } else if (below(20) > 0) yield { do: 'restoreRunning', tasks: [task] };
    else yield { do: 'wipe' };
  }
}

/** Compares all answers and returns how many were compared. */
function compare(naive: NaiveFairQueue, trace: Iterable<FairOperation>, steps: number): number {
  const queue = new FairQueue();
  let step = 0;
  for (const operation of trace) {
    expect(apply(queue, operation)).toEqual(apply(naive, operation));
    expect([queue.queued, queue.running, queue.tenants]).toEqual([
      naive.queued.size,
      naive.running.size,
      naive.tenants.size,
    ]);
    step += 1;
    const ids = [...naive.queued.keys()];
    const asked = step % 5 === 0 ? (ids[step % Math.max(1, ids.length)] ?? 'none') : 'none';
    expect(queue.readPlace(asked)).toEqual(naive.readPlace(asked));
    if (step >= steps) break;
  }
  return step;
}

describe('the fair queue agrees with one without heaps, and remembers as many tenants', () => {
  test.for([1, 2, 3, 4, 5, 6])('in a small world full of ties (%i)', (seed) => {
    const naive = new NaiveFairQueue();
    expect(compare(naive, denseTrace(seededRandom(seed), naive), 1_500)).toBe(1_500);
  });

  test.for([1, 2])('in the traces that its Redis form is compared with (%i)', (seed) => {
    const naive = new NaiveFairQueue();
    const running = { values: () => [...naive.running.values()].map(({ task }) => task).values() };
    // A trace needs only the tasks of the runs.
    const view = { queued: naive.queued, running: running as unknown as Map<string, FairTask> };
    const trace = fairTrace(seededRandom(seed), view, { tenants: 4 });
    expect(compare(naive, trace, 300)).toBe(300);
  });
});

describe('numbers out of bounds', () => {
  test('are replaced by the nearest bound', () => {
    expect([PRIORITY_SECONDS_MAX, COST_MS_MAX, WEIGHT_MIN, WEIGHT_MAX]).toEqual([
      600, 1_000_000_000, 0.01, 100,
    ]);
    const task: FairTask = {
      organisationId: 'o',
      taskId: '1',
      fairnessKey: 'k',
      priority: -3,
      cost: 0.2,
      queuedAt: 7.9,
      weight: 0,
      runningLimit: -1,
    };
    const least = { ...task, priority: 0, cost: 1, queuedAt: 7, weight: 0.01, runningLimit: 0 };
    expect(boundFairTask(task)).toEqual(least);
    const more = { ...task, priority: 1e9, cost: 1e12, weight: 1e9, runningLimit: 2.5 };
    expect(boundFairTask(more)).toEqual({
      ...least,
      priority: 600,
      cost: 1e9,
      weight: 100,
      runningLimit: 3,
    });
    expect(boundFairTask({ ...task, priority: 1.6 }).priority).toBe(2);
    expect(boundShare({ ...task, runningLimit: null }).runningLimit).toBeNull();
    expect([boundUsedMs(-1), boundUsedMs(1.5), boundUsedMs(2e9)]).toEqual([0, 2, 1e9]);
  });
});
