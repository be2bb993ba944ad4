import type { EventPage, Follower } from '@runfleet/events';
import { RunfleetError } from '@runfleet/protocol';

/** Why a wait ended: with its task, or before it. `left`: the client disconnected. */
export type WaitEnd = 'ended' | 'timeout' | 'left' | 'stopping';

const RETRY_AFTER_SECONDS = 5;

export type WaitLimits = {
  /** How long a call waits for its task. */
  waitMs: number;
  /** Waits at once, in this process and of one project. */
  waitsMax: number;
  perProject: number;
};

type Waited = Pick<Follower, 'followPages' | 'watchEnd'>;

/**
 * The calls of this process that wait for the end of their task. They share one follower, which hears of
 * events by notices, and one timer, so that an open wait costs memory only.
 */
export class TaskWaits {
  readonly #follower: Waited;
  readonly #limits: WaitLimits;
  /** The oldest first. */
  readonly #open = new Set<TaskWait>();
  readonly #countByProject = new Map<string, number>();
  readonly #onCount: (count: number) => void;
  #timer: NodeJS.Timeout | undefined;
  #isStopping = false;

  constructor(follower: Waited, limits: WaitLimits, onCount: (count: number) => void = () => {}) {
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
    const deadlineMs = performance.now() + waitMs;
    const wait = new TaskWait(this.#follower, { projectId, deadlineMs }, this.#close);
    this.#open.add(wait);
    this.#onCount(this.#open.size);
    this.#timer ??= setTimeout(this.#endLate, waitMs);
    return wait;
  }

  /** Ends every wait, and refuses further ones. The tasks go on. */
  stop(): void {
    this.#isStopping = true;
    for (const wait of this.#open) wait.end('stopping');
  }

  /** One function for all waits. */
  readonly #close = (wait: TaskWait): void => {
    if (!this.#open.delete(wait)) return;
    this.#onCount(this.#open.size);
    const left = (this.#countByProject.get(wait.projectId) ?? 1) - 1;
    if (left === 0) this.#countByProject.delete(wait.projectId);
    else this.#countByProject.set(wait.projectId, left);
    if (this.#open.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  };

  readonly #endLate = (): void => {
    this.#timer = undefined;
    for (const wait of this.#open) {
      const leftMs = wait.deadlineMs - performance.now();
      if (leftMs > 0) {
        this.#timer = setTimeout(this.#endLate, Math.ceil(leftMs));
        return;
      }
      wait.end('timeout');
    }
  };
}

/** One call's wait. Dispose it when the call is answered. */
export class TaskWait implements Disposable {
  readonly projectId: string;
  readonly deadlineMs: number;
  readonly #follower: Waited;
  readonly #close: (wait: TaskWait) => void;
  #reason: WaitEnd = 'ended';
  /** Ends what the wait does now; null before it begins. */
  #stop: (() => void) | null = null;

  constructor(
    follower: Waited,
    { projectId, deadlineMs }: { projectId: string; deadlineMs: number },
    close: (wait: TaskWait) => void,
  ) {
    this.#follower = follower;
    this.projectId = projectId;
    this.deadlineMs = deadlineMs;
    this.#close = close;
  }

  /** Ends the wait before its task. */
  end(reason: Exclude<WaitEnd, 'ended'>): void {
    if (this.#reason !== 'ended') return;
    this.#reason = reason;
    this.#stop?.();
  }

  untilEnd(taskId: string): Promise<WaitEnd> {
    if (this.#reason !== 'ended') return Promise.resolve(this.#reason);
    return new Promise((resolve, reject) => {
      const watch = this.#follower.watchEnd(taskId, (failure) => {
        if (failure === null) resolve('ended');
        else reject(failure as Error);
      });
      this.#stop = () => {
        watch[Symbol.dispose]();
        resolve(this.#reason);
      };
    });
  }

  /** The same, with every page of the task's events. */
  async untilEndWith(taskId: string, onPage: (page: EventPage) => void): Promise<WaitEnd> {
    const control = new AbortController();
    // An explicit reason, since the default one records a stack.
    this.#stop = () => control.abort(this.#reason);
    if (this.#reason !== 'ended') this.#stop();
    for await (const page of this.#follower.followPages(taskId, 0, control.signal)) onPage(page);
    return this.#reason;
  }

  [Symbol.dispose](): void {
    this.#close(this);
  }
}

function refusal(kind: 'rate_limited' | 'unavailable', problem: string): RunfleetError {
  const message = `${problem} Try again shortly, or use Run and follow the task.`;
  return new RunfleetError(kind, message, { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
