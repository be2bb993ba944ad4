import type { FairTask, TaskInLine } from '@runfleet/scheduler';

import { type Changes, type FairIndex, type Release, TASKS_PER_SCRIPT_MAX } from './fair-index.ts';

/** One change of a pool's index. */
export type Change =
  | { do: 'insert'; task: FairTask }
  | { do: 'release'; task: Release }
  | { do: 'withdraw'; task: TaskInLine };

/** More changes than this in one round trip would hold up others. */
const CHANGES_PER_CALL = 512;
/** While Redis is away changes are dropped past this many per pool; reconcilers make up for them. */
const CHANGES_WAITING_MAX = 10_000;

type Options = {
  index: FairIndex;
  onError: (error: Error) => void;
};

/**
 * Changes of the indexes that nobody waits for. Those that arrive during a call to Redis share the
 * next one. The order within a pool is kept: a task that is requeued ends its run before it stands
 * in line again.
 */
export class PendingChanges {
  readonly #options: Options;
  readonly #waiting = new Map<string, Change[]>();
  #flushing: Promise<void> | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  add(pool: string, change: Change): void {
    const changes = this.#waiting.get(pool) ?? [];
    if (changes.length >= CHANGES_WAITING_MAX) return;
    changes.push(change);
    this.#waiting.set(pool, changes);
    this.#flushing ??= this.#flush();
  }

  /** Resolves when nothing is left to write, or could not be written. */
  async drain(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const { index, onError } = this.#options;
    while (this.#waiting.size > 0) {
      for (const [pool, changes] of this.#waiting) {
        const batch = changes.splice(0, CHANGES_PER_CALL);
        if (changes.length === 0) this.#waiting.delete(pool);
        try {
          await index.change(pool, runsOf(batch));
        } catch (error) {
          onError(error as Error);
        }
      }
    }
    this.#flushing = null;
  }
}

/** Neighbours of one kind share a script call. */
function runsOf(changes: readonly Change[]): Changes[] {
  const runs: { do: Change['do']; tasks: Change['task'][] }[] = [];
  for (const { do: verb, task } of changes) {
    const last = runs.at(-1);
    if (last?.do === verb && last.tasks.length < TASKS_PER_SCRIPT_MAX) last.tasks.push(task);
    else runs.push({ do: verb, tasks: [task] });
  }
  // A run's tasks are all of the kind that its verb wants, which the loop cannot tell the compiler.
  return runs as Changes[];
}
