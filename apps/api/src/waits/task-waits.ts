import type { EventPage, Follower } from '@runfleet/events';
import { RunfleetError } from '@runfleet/protocol';

/** Why a wait ended: with its task, or before it. `left`: the client disconnected. */
export type WaitEnd = 'ended' | 'timeout' | 'left' | 'stopping';

/** Beyond every event: a wait that shows no output reads none. */
const AFTER_EVERY_EVENT = 2 ** 31 - 1;
const RETRY_AFTER_SECONDS = 5;

export type WaitLimits = {
  /** How long a call waits for its task. */
  waitMs: number;
  /** Waits at once, in this process and of one project. */
  waitsMax: number;
  perProject: number;
};

/**
 * The calls of this process that wait for the end of their task. They share one follower, which hears of
 * events by notices, so that an open wait costs memory only.
 */
export class TaskWaits {
  readonly #follower: Pick<Follower, 'followPages'>;
  readonly #limits: WaitLimits;
  readonly #open = new Set<TaskWait>();
  readonly #countByProject = new Map<string, number>();
  readonly #onCount: (count: number) => void;
  #isStopping = false;

  constructor(
    follower: Pick<Follower, 'followPages'>,
    limits: WaitLimits,
    onCount: (count: number) => void = () => {},
  ) {
    this.#follower = follower;
    this.#limits = limits;
    this.#onCount = onCount;
  }

  get count(): number {
    return this.#open.size;
  }

  /** Reserves a wait. Throws `rate_limited` or `unavailable` if there are too many. */
  open(projectId: string): TaskWait {
    const { waitMs, waitsMax, perProject } = this.#limits;
    const ofProject = this.#countByProject.get(projectId) ?? 0;
    if (this.#isStopping || this.#open.size >= waitsMax) {
      throw refusal('unavailable', 'This server has too many open waits.');
    }
    if (ofProject >= perProject) {
      throw refusal('rate_limited', `Your project has ${perProject} open waits, the maximum.`);
    }
    this.#countByProject.set(projectId, ofProject + 1);
    const wait: TaskWait = new TaskWait(this.#follower, waitMs, () => {
      if (!this.#open.delete(wait)) return;
      this.#onCount(this.#open.size);
      const left = (this.#countByProject.get(projectId) ?? 1) - 1;
      if (left === 0) this.#countByProject.delete(projectId);
      else this.#countByProject.set(projectId, left);
    });
    this.#open.add(wait);
    this.#onCount(this.#open.size);
    return wait;
  }

  /** Ends every wait, and refuses further ones. The tasks go on. */
  stop(): void {
    this.#isStopping = true;
    for (const wait of this.#open) wait.end('stopping');
  }
}

/** One call's wait. Dispose it when the call is answered. */
export class TaskWait implements Disposable {
  readonly #follower: Pick<Follower, 'followPages'>;
  readonly #control = new AbortController();
  readonly #timer: NodeJS.Timeout;
  readonly #onDisposed: () => void;
  #end: WaitEnd = 'ended';

  constructor(follower: Pick<Follower, 'followPages'>, waitMs: number, onDisposed: () => void) {
    this.#follower = follower;
    this.#onDisposed = onDisposed;
    this.#timer = setTimeout(() => this.end('timeout'), waitMs);
  }

  /** Ends the wait before its task. */
  end(reason: Exclude<WaitEnd, 'ended'>): void {
    if (this.#control.signal.aborted) return;
    this.#end = reason;
    // An explicit reason, since the default one records a stack.
    this.#control.abort(reason);
  }

  async untilEnd(taskId: string): Promise<WaitEnd> {
    const pages = this.#follower.followPages(taskId, AFTER_EVERY_EVENT, this.#control.signal);
    while (!(await pages.next()).done);
    return this.#end;
  }

  /** The same, with every page of the task's events. */
  async untilEndWith(taskId: string, onPage: (page: EventPage) => void): Promise<WaitEnd> {
    for await (const page of this.#follower.followPages(taskId, 0, this.#control.signal)) {
      onPage(page);
    }
    return this.#end;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#onDisposed();
  }
}

function refusal(kind: 'rate_limited' | 'unavailable', problem: string): RunfleetError {
  const message = `${problem} Try again shortly, or use Run and follow the task.`;
  return new RunfleetError(kind, message, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
