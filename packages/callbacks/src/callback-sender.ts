import { setMaxListeners } from 'node:events';

import type { CallbackJob, JobEnd, CallbackJobs } from '@runfleet/queue';

import { type AttemptContext, attemptDelivery, type AttemptEnd } from './attempt-delivery.ts';
import { listTaskJobs } from './list-lost-jobs.ts';

/** The part of this process's attempts that one organisation may have in flight. */
const ORGANISATION_SHARE = 0.5;
const PAUSE_MS_MIN = 500;
const PAUSE_MS_SPREAD = 1_000;

type Options = {
  ctx: Omit<AttemptContext, 'signal'>;
  jobs: CallbackJobs;
  /** Attempts of this process at once. */
  atOnce: number;
  onEnd: (end: AttemptEnd) => void;
  /** Of a job whose attempt could not be made. A broker adds it again. */
  onError: (error: unknown) => void;
};

/**
 * Runs the jobs of callbacks. Half of the attempts at once are left for other organisations, however
 * many receivers of one hang. Disposing ends attempts in flight, which are made again elsewhere.
 */
export class CallbackSender implements AsyncDisposable {
  readonly #options: Options;
  readonly #ctx: AttemptContext;
  readonly #perOrganisation: number;
  readonly #inFlight = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #receiver: AsyncDisposable;

  constructor(options: Options) {
    this.#options = options;
    // Each attempt listens; more of them than ten are no leak.
    setMaxListeners(2 * options.atOnce, this.#stopping.signal);
    this.#ctx = { ...options.ctx, signal: this.#stopping.signal };
    this.#perOrganisation = Math.max(1, Math.floor(options.atOnce * ORGANISATION_SHARE));
    this.#receiver = options.jobs.receive(options.atOnce, (job) => this.#run(job));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort(new Error('This process stops.'));
    await this.#receiver[Symbol.asyncDispose]();
  }

  async #run(job: CallbackJob): Promise<JobEnd> {
    const { organisationId } = job;
    const count = this.#inFlight.get(organisationId) ?? 0;
    if (count >= this.#perOrganisation) {
      return { againAfterMs: PAUSE_MS_MIN + Math.random() * PAUSE_MS_SPREAD };
    }
    this.#inFlight.set(organisationId, count + 1);
    try {
      await this.#attempt(job);
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#options.onError(error);
    } finally {
      const left = (this.#inFlight.get(organisationId) ?? 1) - 1;
      if (left === 0) this.#inFlight.delete(organisationId);
      else this.#inFlight.set(organisationId, left);
    }
    return 'done';
  }

  async #attempt(job: CallbackJob): Promise<void> {
    const { jobs, onEnd } = this.#options;
    const [first, ...others] = 'taskId' in job ? await listTaskJobs(this.#ctx, job.taskId) : [job];
    if (first === undefined) return;
    await jobs.add(others);
    const end = await attemptDelivery(this.#ctx, first.deliveryId);
    if (end === null) return;
    onEnd(end);
    await jobs.add(end.next);
    if (end.retry) await jobs.add([end.retry.job], end.retry.afterMs);
  }
}
