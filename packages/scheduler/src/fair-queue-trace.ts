/** Random operations on a fair queue; the same seed gives the same operations. */
import type { FairTask, Share } from './fair-queue-task.ts';

/** Random numbers in [0, 1); the same seed gives the same numbers (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export type FairOperation =
  | { do: 'insert'; tasks: FairTask[] }
  | { do: 'restoreRunning'; tasks: FairTask[] }
  | { do: 'pick'; count: number }
  | { do: 'putBack'; taskIds: string[] }
  | { do: 'release'; runs: { task: FairTask; usedMs: number }[] }
  | { do: 'withdraw'; tasks: FairTask[] }
  | { do: 'setShare'; shares: Share[] }
  | { do: 'wipe' };

/** The queued and running tasks, which a trace needs in order to name existing ones. */
export type TraceView = {
  queued: ReadonlyMap<string, FairTask>;
  running: ReadonlyMap<string, FairTask>;
};

const START_MS = 1_700_000_000_000;
const KEYS = ['', '', '', 'ann', 'bob', 'cy', 'é', '9'];
const LIMITS = [null, null, null, 0, 1, 2, 5];
const WEIGHTS = [0.01, 0.3, 1, 1, 1, 2.5, 7, 100];

/**
 * An endless series of operations of all kinds on up to `tenants` tenants. Phases of filling and
 * draining alternate, so that queues grow long and also become empty. Each operation also names
 * some tasks to which it does not apply.
 */
export function* fairTrace(
  random: () => number,
  view: TraceView,
  options: { tenants: number },
): Generator<FairOperation> {
  const below = (n: number) => Math.floor(random() * n);
  const oneOf = <T>(items: readonly T[]) => items[below(items.length)] as T;
  let lastId = 0;
  let now = START_MS;

  const newShare = (): Share => ({
    organisationId: `${1 + Math.floor(random() ** 3 * options.tenants)}`,
    weight: oneOf(WEIGHTS),
    runningLimit: oneOf(LIMITS),
  });
  const newTask = (): FairTask => ({
    ...newShare(),
    taskId: String((lastId += 1 + below(3))),
    fairnessKey: oneOf(KEYS),
    priority: below(4) === 0 ? below(700) : 0,
    cost: below(10) === 0 ? below(3) : 1 + below(60_000),
    queuedAt: now + below(2_000) - 1_000,
  });
  const some = (tasks: ReadonlyMap<string, FairTask>, count: number): FairTask[] => {
    const all = [...tasks.values()];
    return all.length === 0 ? [] : Array.from({ length: count }, () => oneOf(all));
  };
  const anyTasks = (count: number) => [...some(view.queued, count), ...some(view.running, count)];

  for (;;) {
    const isFilling = below(2) === 0;
    for (let step = below(60); step >= 0; step--) {
      now += below(3_000);
      const count = 1 + below(4);
      const dice = below(100);
      if (dice < (isFilling ? 45 : 8)) {
        const tasks = Array.from({ length: count }, newTask);
        yield { do: 'insert', tasks: below(6) === 0 ? [...tasks, ...anyTasks(1)] : tasks };
      } else if (dice < 55) yield { do: 'pick', count: 1 + below(6) };
      else if (dice < 84) {
        const runs = [...some(view.running, isFilling ? count : 3 * count), newTask()];
        yield {
          do: 'release',
          runs: runs.map((task) => ({ task, usedMs: random() * random() * 90_000 })),
        };
      } else if (dice < 90) {
        yield { do: 'withdraw', tasks: [...anyTasks(below(3)), newTask()] };
      } else if (dice < 96) {
        const taskIds = anyTasks(count).map(({ taskId }) => taskId);
        yield { do: 'putBack', taskIds };
      } else if (dice < 97) {
        yield { do: 'setShare', shares: Array.from({ length: count }, newShare) };
      } else if (dice < 99) {
        yield { do: 'restoreRunning', tasks: [...anyTasks(1), newTask()] };
      } else if (below(3) === 0) yield { do: 'wipe' };
    }
  }
}
