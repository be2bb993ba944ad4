import type { FairTask, TaskInLine } from '@runfleet/scheduler';

import { type Changes, type FairIndex, type Release, TASKS_PER_SCRIPT_MAX } from './fair-index.ts';

/** One change of a lane's index. */
export type Change =
  | { do: 'insert'; task: FairTask }
  | { do: 'release'; task: Release }
  | { do: 'withdraw'; task: TaskInLine };

/** More changes in one round trip would delay other callers. */
const CHANGES_PER_CALL = 512;
/**
 * While Redis is unavailable, changes beyond this number per lane are dropped; reconcilers repair
 * that.
 */
const CHANGES_WAITING_MAX = 10_000;

type Options = {
  index: FairIndex;
  onError: (error: Error) => void;
};

/**
 * Changes of the indexes that no caller awaits. Changes that arrive during a call to Redis share
 * the next one. The order within a lane is kept: a requeued task ends its run before it is queued
 * again.
 */
export class PendingChanges {
  readonly #options: Options;
  readonly #waiting = new Map<string, Change[]>();
  #flushing: Promise<void> | null = null;

  constructor(options: Options) {
    this.#options = options;
  }

  add(lane: string, change: Change): void {
    const changes = this.#waiting.get(lane) ?? [];
    if (changes.length >= CHANGES_WAITING_MAX) return;
    changes.push(change);
    this.#waiting.set(lane, changes);
    this.#flushing ??= this.#flush();
  }

  /** Resolves when every change has been written or has failed. */
  async drain(): Promise<void> {
    await this.#flushing;
  }

  async #flush(): Promise<void> {
    const { index, onError } = this.#options;
    while (this.#waiting.size > 0) {
      for (const [lane, changes] of this.#waiting) {
        const batch = changes.splice(0, CHANGES_PER_CALL);
        if (changes.length === 0) this.#waiting.delete(lane);
        try {
          await index.change(lane, runsOf(batch));
        } catch (error) {
          onError(error as Error);
        }
      }
    }
    this.#flushing = null;
  }
}

/** Consecutive changes of one kind share a script call. */
function runsOf(changes: readonly Change[]): Changes[] {
  const runs: { do: Change['do']; tasks: Change['task'][] }[] = [];
  for (const { do: verb, task } of changes) {
    const last = runs.at(-1);
    if (last?.do === verb && last.tasks.length < TASKS_PER_SCRIPT_MAX) last.tasks.push(task);
    else runs.push({ do: verb, tasks: [task] });
  }
  // All tasks of a run have the type that its verb takes, which the compiler cannot infer from the
  // loop.
  return runs as Changes[];
}
