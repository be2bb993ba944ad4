/**
 * One worker: takes tickets, carries the tasks, renews its lease. What it holds in memory is only a
 * copy: each renewal lists the tasks that Postgres binds to it, and the two are brought together.
 */
import type { Ticket, TicketTransport, WorkerNotice } from '@runfleet/queue';
import {
  drainWorker,
  registerWorker,
  renewWorker,
  requeueTask,
  retireWorker,
  type WorkerDescription,
} from '@runfleet/tasks';

import type { WorkerContext } from './context.ts';
import { runTask } from './run-task.ts';
import { StopReason } from './stop-reason.ts';
import { untilCommitted } from './until-committed.ts';

const RENEW_MS = 5_000;

/** What the worker tells of itself, besides its models. */
export type Registration = {
  host: string;
  slots: number;
  labels: readonly string[];
  device: WorkerDescription['device'];
};

/** What the worker carries now, by task. */
export type Runs = Map<
  string,
  {
    epoch: number;
    control: AbortController;
    /** Until the claim is confirmed or refused, and until the worker has let go of the task. */
    accepted: Promise<void>;
    done: Promise<void>;
  }
>;

export class Worker implements AsyncDisposable {
  readonly #ctx: WorkerContext;
  readonly #tickets: TicketTransport;
  readonly #registration: Registration;
  readonly #drainMs: number;
  readonly #runs: Runs;
  readonly #renewMs: number;
  readonly #onRenewed: (generation: number) => void;
  #generation = 0;
  /** Of the last renewal that was answered. */
  #seenPulse = 0;
  #renewTimer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;
  #resources: AsyncDisposable[] = [];
  #isStopping = false;
  /** Whether Postgres has heard that the worker stops; false where it stopped before. */
  #drained: Promise<boolean> = Promise.resolve(false);

  constructor(
    ctx: WorkerContext,
    options: {
      tickets: TicketTransport;
      registration: Registration;
      drainSeconds: number;
      runs: Runs;
      renewMs?: number;
      /** Told of each registration and renewal that was answered. */
      onRenewed?: (generation: number) => void;
    },
  ) {
    this.#ctx = ctx;
    this.#tickets = options.tickets;
    this.#registration = options.registration;
    this.#drainMs = options.drainSeconds * 1_000;
    this.#runs = options.runs;
    this.#renewMs = options.renewMs ?? RENEW_MS;
    this.#onRenewed = options.onRenewed ?? (() => {});
  }

  async start(): Promise<void> {
    const { workerId, queue } = this.#ctx;
    await this.#register();
    this.#resources = [
      queue.onNotice(workerId, (notice) => this.#heed(notice)),
      this.#tickets.receive(workerId, (ticket) => this.#take(ticket)),
    ];
    this.#renewTimer = setInterval(() => this.#renewSoon(), this.#renewMs);
    this.#wake();
  }

  /** Tells at once which models are in memory now. */
  modelsChanged(): void {
    // Its models close after it has left the list.
    if (!this.#isStopping) this.#renewSoon();
  }

  /** Finishes what it can within the drain time, hands the rest back, and leaves the list. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    const { store, workerId: id, logger } = this.#ctx;
    const stopped = new AbortController();
    const drain = () => drainWorker({ store }, { id });
    this.#drained = untilCommitted(drain, stopped.signal).then(
      () => true,
      (err: unknown) => {
        logger.warn({ err }, 'the worker could not say that it drains');
        return false;
      },
    );
    const timer = setTimeout(() => this.#stopAll('shutdown'), this.#drainMs);
    await Promise.all([...this.#runs.values()].map((run) => run.done));
    clearTimeout(timer);
    if (this.#renewTimer) clearInterval(this.#renewTimer);
    await this.#renewing;
    stopped.abort(new StopReason('shutdown'));
    await this.#drained;
    await Promise.all(this.#resources.map((resource) => resource[Symbol.asyncDispose]()));
    // Whatever is still bound to it is taken back by a broker, which sees the worker stopped.
    await retireWorker({ store }, { id }).catch((err: unknown) => {
      logger.warn({ err }, 'the worker could not leave the list; its lease runs out');
    });
    await this.#tickets.discard(id).catch((err: unknown) => {
      logger.debug({ err }, 'the ticket queue was left behind');
    });
  }

  async #register(): Promise<void> {
    const { store, workerId: id, models, logger } = this.#ctx;
    const { host, slots, labels, device } = this.#registration;
    const pools = models.models.map((model) => model.pool);
    const { loaded, sizes, memoryBytes } = models;
    const description = { pools, labels, loaded, sizes, memoryBytes, device };
    const { generation } = await registerWorker({ store }, { id, host, slots, description });
    this.#generation = generation;
    this.#seenPulse = 0;
    this.#onRenewed(generation);
    logger.info({ workerId: id, generation, pools, labels }, 'worker is on the list');
  }

  /** A ticket is done when its accept is committed or refused; the run goes on by itself. */
  async #take(ticket: Ticket): Promise<void> {
    const { taskId, epoch } = ticket;
    const known = this.#runs.get(taskId);
    // A ticket that comes twice is done no sooner than once.
    if (known?.epoch === epoch) return known.accepted;
    if (this.#isStopping) {
      // Before Postgres knows, the task would come again at once, and go back, and come again.
      if (await this.#drained) await requeueTask(this.#ctx, ticket, 'worker_stopping');
      return;
    }
    const control = new AbortController();
    let done = Promise.resolve();
    const told = new Promise<void>((resolve) => {
      done = this.#carry(ticket, control, resolve);
    });
    const accepted = Promise.race([told, done]);
    this.#runs.set(taskId, { epoch, control, accepted, done });
    await accepted;
  }

  async #carry(claim: Ticket, control: AbortController, sayAccepted: () => void): Promise<void> {
    const { logger, metrics } = this.#ctx;
    let acceptedAt = 0;
    const onAccepted = () => {
      acceptedAt = performance.now();
      metrics.taskAccepted();
      sayAccepted();
    };
    try {
      const ended = await runTask(this.#ctx, { claim, control, onAccepted });
      this.#forget(claim);
      // A stale ticket was no run.
      if (acceptedAt === 0) return;
      // The task's own pool hears of the slot with the commit; others of its pools may wait for it, too.
      if (this.#ctx.models.models.length > 1) this.#wake();
      const seconds = (performance.now() - acceptedAt) / 1_000;
      metrics.taskEnded(ended, seconds);
      logger.info({ ...claim, ended, seconds }, 'task let go');
    } catch (err) {
      // Nothing is written here: the next renewal finds the task bound and not carried.
      if (!control.signal.aborted) logger.error({ err, ...claim }, 'a task was lost');
    } finally {
      this.#forget(claim);
    }
  }

  #forget({ taskId, epoch }: Ticket): void {
    if (this.#runs.get(taskId)?.epoch === epoch) this.#runs.delete(taskId);
  }

  #heed(notice: WorkerNotice): void {
    this.#runs.get(notice.stop)?.control.abort(new StopReason('fenced'));
  }

  #wake(): void {
    for (const { pool } of this.#ctx.models.models) this.#ctx.queue.wake(pool);
  }

  #renewSoon(): void {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = null;
    });
  }

  async #renew(): Promise<void> {
    const { workerId: id, logger } = this.#ctx;
    try {
      const before = [...this.#runs];
      const renewed = await this.#ask();
      if (renewed === null) {
        logger.warn({ workerId: id }, 'declared lost; stopping all runs and registering anew');
        this.#stopAll('fenced');
        if (!this.#isStopping) await this.#register();
        return;
      }
      this.#seenPulse = renewed.pulse;
      this.#onRenewed(this.#generation);
      const epochs = new Map(renewed.tasks.map((claim) => [claim.taskId, claim.epoch]));
      // Only runs from before the question: one that was taken meanwhile is not in the answer.
      for (const [taskId, run] of before) {
        if (epochs.get(taskId) !== run.epoch) run.control.abort(new StopReason('fenced'));
      }
      for (const { isAccepted, ...claim } of renewed.tasks) {
        if (!isAccepted) void this.#take(claim);
        else if (!this.#runs.has(claim.taskId))
          await requeueTask(this.#ctx, claim, 'run_broke_off');
      }
      // Said before the tickets' time is over: one that is seen and still not accepted is our fault.
      if (renewed.tasks.some(({ isAccepted }) => !isAccepted)) await this.#ask();
    } catch (err) {
      logger.warn({ err }, 'the lease was not renewed; it is tried again');
    }
  }

  /** Renews the lease, which also says up to when this worker has seen the lists of its tasks. */
  #ask(): ReturnType<typeof renewWorker> {
    const { store, workerId: id, models } = this.#ctx;
    const [generation, seenPulse] = [this.#generation, this.#seenPulse];
    return renewWorker({ store }, { id, generation, seenPulse, loaded: models.loaded });
  }

  #stopAll(kind: 'fenced' | 'shutdown'): void {
    for (const run of this.#runs.values()) run.control.abort(new StopReason(kind));
  }
}
