import type { ScheduledJobs, JobEnd, Turn } from '@runfleet/queue';
import type { Logger } from '@runfleet/service';
import { claimTurn, endTurn, listLateJobs, type TurnEnd } from '@runfleet/upkeep';

import type { BrokerMetrics } from '../metrics.ts';
import { runInTime, TimeoutError } from './run-in-time.ts';
import type { UpkeepContext, UpkeepJob } from './upkeep-jobs.ts';

/** Jobs that this process runs at once. */
const AT_ONCE = 2;
/**
 * Runs past their limit that may go on in this process, since not every wait can be aborted. Beyond
 * these its jobs fail, and other brokers run them.
 */
const ABANDONED_MAX = 2;

type Options = {
  ctx: Omit<UpkeepContext, 'signal'> & { logger: Logger; metrics: BrokerMetrics };
  jobs: Readonly<Record<string, UpkeepJob>>;
  queue: ScheduledJobs;
};

/** Takes turns of scheduled jobs until disposed, which ends the current ones. */
export class Upkeep implements AsyncDisposable {
  readonly #options: Options;
  readonly #receiver: AsyncDisposable;
  readonly #stopping = new AbortController();
  #abandoned = 0;
  #isScheduled = false;

  constructor(options: Options) {
    this.#options = options;
    this.#receiver = options.queue.receive(AT_ONCE, (turn) => this.#take(turn));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('The broker stops.'));
    await this.#receiver[Symbol.asyncDispose]();
  }

  /**
   * Repairs schedules in Redis, and adds turns that were lost. Returns how many it repaired: the first
   * time in a process, a new deployment or version is no fault.
   */
  async schedule(): Promise<number> {
    const { ctx, jobs, queue } = this.#options;
    const schedules = Object.entries(jobs).map(([name, { everySeconds }]) => ({
      name,
      everyMs: everySeconds * 1_000,
    }));
    const changed = await queue.schedule(schedules);
    const lost = await listLateJobs(ctx, schedules, Date.now());
    for (const { schedule, slot } of lost) await queue.add(schedule, slot);
    const isFirst = !this.#isScheduled;
    this.#isScheduled = true;
    return isFirst ? 0 : changed + lost.length;
  }

  async #take({ name, slot }: Turn): Promise<JobEnd> {
    const { ctx, jobs } = this.#options;
    const job = Object.hasOwn(jobs, name) ? jobs[name] : undefined;
    // A broker of another version scheduled it. If this one is older, the turn will be added again.
    if (job === undefined) return 'done';
    const { limitSeconds } = job;
    const claim = await claimTurn(ctx, { name, slot, limitSeconds });
    if (claim === 'over') return 'done';
    if ('againAfterMs' in claim) return claim;
    const startedAt = performance.now();
    const end = await this.#run(job);
    const result = 'changed' in end ? 'succeeded' : end.isTimeout ? 'timed_out' : 'failed';
    ctx.metrics.upkeepRan(name, result, (performance.now() - startedAt) / 1_000);
    await endTurn(ctx, { name, attemptId: claim.attemptId }, end);
    if ('changed' in end) return 'done';
    ctx.logger.warn({ job: name, error: end.error }, 'upkeep failed; retrying');
    throw new Error(end.error);
  }

  async #run(job: UpkeepJob): Promise<TurnEnd> {
    if (this.#abandoned >= ABANDONED_MAX) {
      const error = 'Earlier runs of this broker do not end. Restart it.';
      return { error, isTimeout: false };
    }
    const { ctx } = this.#options;
    try {
      const changed = await runInTime(
        (signal) => runWhole(job, { ...ctx, signal }),
        { limitMs: job.limitSeconds * 1_000, stopping: this.#stopping.signal },
        (late) => {
          this.#abandoned += 1;
          void late.finally(() => (this.#abandoned -= 1));
        },
      );
      return { changed };
    } catch (err) {
      const error = err instanceof Error ? err.message : String(err);
      return { error, isTimeout: err instanceof TimeoutError };
    }
  }
}

async function runWhole(job: UpkeepJob, ctx: UpkeepContext): Promise<number> {
  let changed = 0;
  for (;;) {
    const more = await job.run(ctx);
    changed += more;
    if (!job.repeats || more === 0 || ctx.signal.aborted) return changed;
  }
}
