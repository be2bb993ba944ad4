/**
 * One worker: receives tickets, runs tasks and renews its lease. Its memory is only a copy: each
 * renewal lists the tasks that Postgres binds to it, and the worker reconciles its runs with that
 * list.
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

/** What the worker registers, besides its models. */
export type Registration = {
  host: string;
  slots: number;
  labels: readonly string[];
  device: WorkerDescription['device'];
};

/** The worker's current runs, by task. */
export type Runs = Map<
  string,
  {
    epoch: number;
    control: AbortController;
    /** Resolves when the ticket is confirmed or refused. */
    accepted: Promise<void>;
    /** Resolves when the run has ended. */
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
  /** The pulse of the last renewal that was answered. */
  #seenPulse = 0;
  #renewTimer: NodeJS.Timeout | null = null;
  #renewing: Promise<void> | null = null;
  #resources: AsyncDisposable[] = [];
  #isStopping = false;
  /** Whether the drain was committed; false if the worker stopped before that. */
  #drained: Promise<boolean> = Promise.resolve(false);

  constructor(
    ctx: WorkerContext,
    options: {
      tickets: TicketTransport;
      registration: Registration;
      drainSeconds: number;
      runs: Runs;
      renewMs?: number;
      /** Called after each registration and renewal that was answered. */
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
      queue.onNotice(workerId, (notice) => this.#onNotice(notice)),
      this.#tickets.receive(workerId, (ticket) => this.#take(ticket)),
    ];
    this.#renewTimer = setInterval(() => this.#renewSoon(), this.#renewMs);
    this.#wake();
  }

  /** Reports at once which models are loaded. */
  modelsChanged(): void {
    // The models close after the worker is retired, so their unloading is not reported.
    if (!this.#isStopping) this.#renewSoon();
  }

  /** Finishes the runs that end within the drain time, requeues the rest and retires the worker. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isStopping = true;
    const { store, workerId: id, logger } = this.#ctx;
    const stopped = new AbortController();
    const drain = () => drainWorker({ store }, { id });
    this.#drained = untilCommitted(drain, stopped.signal).then(
      () => true,
      (err: unknown) => {
        logger.warn({ err }, 'the drain could not be recorded');
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
    // A broker requeues the tasks that are still bound to a stopped worker.
    await retireWorker({ store }, { id }).catch((err: unknown) => {
      logger.warn({ err }, 'the worker could not be retired; its lease will expire');
    });
    await this.#tickets.discard(id).catch((err: unknown) => {
      logger.debug({ err }, 'the ticket queue was not deleted');
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
    logger.info({ workerId: id, generation, pools, labels }, 'worker registered');
  }

  /** Resolves when the accept is committed or refused; the run continues in the background. */
  async #take(ticket: Ticket): Promise<void> {
    const { taskId, epoch } = ticket;
    const known = this.#runs.get(taskId);
    // A duplicate ticket is done when the first is.
    if (known?.epoch === epoch) return known.accepted;
    if (this.#isStopping) {
      // Until the drain is committed, a requeued task could be assigned here again at once, in a
      // loop.
      if (await this.#drained) await requeueTask(this.#ctx, ticket, 'worker_stopping');
      return;
    }
    const control = new AbortController();
    let done = Promise.resolve();
    const confirmed = new Promise<void>((resolve) => {
      done = this.#carry(ticket, control, resolve);
    });
    const accepted = Promise.race([confirmed, done]);
    this.#runs.set(taskId, { epoch, control, accepted, done });
    await accepted;
  }

  async #carry(ticket: Ticket, control: AbortController, confirm: () => void): Promise<void> {
    const { logger, metrics } = this.#ctx;
    let acceptedAt = 0;
    const onAccepted = () => {
      acceptedAt = performance.now();
      metrics.taskAccepted();
      confirm();
    };
    try {
      const ended = await runTask(this.#ctx, { ticket, control, onAccepted });
      this.#forget(ticket);
      // A fenced ticket started no run.
      if (acceptedAt === 0) return;
      // The commit wakes the task's own pool; the worker's other pools may wait for the slot as
      // well.
      if (this.#ctx.models.models.length > 1) this.#wake();
      const seconds = (performance.now() - acceptedAt) / 1_000;
      metrics.taskEnded(ended, seconds);
      logger.info({ ...ticket, ended, seconds }, 'task released');
    } catch (err) {
      // Nothing is written here: the next renewal finds the task bound but not running, and
      // requeues it.
      if (!control.signal.aborted) logger.error({ err, ...ticket }, 'task lost');
    } finally {
      this.#forget(ticket);
    }
  }

  #forget({ taskId, epoch }: Ticket): void {
    if (this.#runs.get(taskId)?.epoch === epoch) this.#runs.delete(taskId);
  }

  #onNotice(notice: WorkerNotice): void {
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
        logger.warn({ workerId: id }, 'declared lost; stopping all runs and registering again');
        this.#stopAll('fenced');
        if (!this.#isStopping) await this.#register();
        return;
      }
      this.#seenPulse = renewed.pulse;
      this.#onRenewed(this.#generation);
      const epochs = new Map(renewed.tasks.map((ticket) => [ticket.taskId, ticket.epoch]));
      // Only runs that began before the renewal: the answer may not list one that began during it.
      for (const [taskId, run] of before) {
        if (epochs.get(taskId) !== run.epoch) run.control.abort(new StopReason('fenced'));
      }
      for (const { isAccepted, ...ticket } of renewed.tasks) {
        if (!isAccepted) void this.#take(ticket);
        else if (!this.#runs.has(ticket.taskId))
          await requeueTask(this.#ctx, ticket, 'run_broke_off');
      }
      // Acknowledge the list before the tickets expire: a task that is then not accepted counts
      // against this worker.
      if (renewed.tasks.some(({ isAccepted }) => !isAccepted)) await this.#ask();
    } catch (err) {
      logger.warn({ err }, 'lease renewal failed; retrying');
    }
  }

  /** Renews the lease and acknowledges the last list of tasks that this worker has seen. */
  #ask(): ReturnType<typeof renewWorker> {
    const { store, workerId: id, models } = this.#ctx;
    const [generation, seenPulse] = [this.#generation, this.#seenPulse];
    return renewWorker({ store }, { id, generation, seenPulse, loaded: models.loaded });
  }

  #stopAll(kind: 'fenced' | 'shutdown'): void {
    for (const run of this.#runs.values()) run.control.abort(new StopReason(kind));
  }
}
