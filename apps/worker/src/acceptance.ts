import type { Ticket } from '@runfleet/queue';
import { acceptTask, beginTask, type Carried, startTask } from '@runfleet/tasks';

import type { WorkerContext } from './context.ts';
import { StopReason } from './stop-reason.ts';
import { untilCommitted } from './until-committed.ts';

/** A run that is ready within this time of its ticket is accepted and started in one commit. */
const READY_MS = 20;

/**
 * How a worker confirms a ticket. A run that can begin at once is accepted and started in one
 * commit. A run whose model must be loaded first is accepted during the load, so that its ticket
 * does not expire.
 */
export class Acceptance {
  readonly #ctx: Pick<WorkerContext, 'store' | 'workerId'>;
  readonly #ticket: Ticket & { workerId: string };
  readonly #signal: AbortSignal;
  readonly #onAccepted: () => void;
  #accepted: Promise<void> | null = null;

  constructor(
    ctx: Pick<WorkerContext, 'store' | 'workerId'>,
    run: { ticket: Ticket; signal: AbortSignal; onAccepted: () => void },
  ) {
    this.#ctx = ctx;
    this.#ticket = { ...run.ticket, workerId: ctx.workerId };
    this.#signal = run.signal;
    this.#onAccepted = run.onAccepted;
  }

  /**
   * Waits for `work`, which the run needs before it can start; accepts the task if that takes long.
   */
  async whileWaiting<T>(work: Promise<T>): Promise<T> {
    if (!this.#accepted && !(await settlesWithin(work, READY_MS))) await this.accept();
    return work;
  }

  /** Rejects with the StopReason `fenced` if the task is no longer this worker's. */
  accept(): Promise<void> {
    this.#accepted ??= this.#confirm(
      untilCommitted(() => acceptTask(this.#ctx, this.#ticket), this.#signal),
    );
    return this.#accepted;
  }

  start(): Promise<Carried> {
    if (this.#accepted) {
      return untilCommitted(() => startTask(this.#ctx, this.#ticket), this.#signal);
    }
    const begun = untilCommitted(() => beginTask(this.#ctx, this.#ticket), this.#signal);
    this.#accepted = this.#confirm(begun);
    // Callers that await the start get the same rejection.
    this.#accepted.catch(() => {});
    return begun;
  }

  async #confirm(commit: Promise<Carried>): Promise<void> {
    if ((await commit) === 'fenced') throw new StopReason('fenced');
    this.#onAccepted();
  }
}

async function settlesWithin(work: Promise<unknown>, ms: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  const settled = work.then(
    () => true,
    () => true,
  );
  const isInTime = await Promise.race([settled, late]);
  clearTimeout(timer);
  return isInTime;
}
