import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { RunfleetApiError, RunfleetConnectionError } from '@runfleet/client';

import type { Key } from '../e2e/fleet.ts';
import { Random } from '../simulation/kernel/random.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { type Call, drawCall } from './draw-call.ts';
import { ROLE_COUNTS } from './faults.ts';
import type { Seen, SeenCopy, SeenRun } from './seen.ts';
import { sendRun } from './send-run.ts';
import { watchTask } from './watch-task.ts';

const CALLERS = 12;
const PAUSE_MS_MEAN = 400;

/** Clients of several tenants who ask for Runs, follow them, leave, come back, and kill some. */
export class Callers implements AsyncDisposable {
  readonly seen: Seen = { runs: [], copies: [], kills: [] };
  readonly #fleet: ChaosFleet;
  readonly #calling = new AbortController();
  readonly #watching = new AbortController();
  readonly #callers: Promise<void>[];
  readonly #followUps = new Set<Promise<void>>();
  #runs = 0;

  /** They begin at once, and all that they choose follows from `seed`. */
  constructor(fleet: ChaosFleet, seed: number) {
    this.#fleet = fleet;
    // Everybody who follows a task listens.
    setMaxListeners(0, this.#watching.signal);
    this.#callers = Array.from({ length: CALLERS }, (_, index) =>
      this.#call(index, new Random(seed * CALLERS + index)),
    );
  }

  /** Runs that were answered with a task. */
  get accepted(): number {
    return this.seen.runs.filter(({ answers }) => answers.length > 0).length;
  }

  /** No more Runs from now on. Resolves when each that was begun is answered or given up. */
  async endCalls(): Promise<void> {
    this.#calling.abort();
    await Promise.all(this.#callers);
  }

  /** Resolves when everybody who follows a task has seen its end; whoever has not by `deadlineMs` stops. */
  async endFollowing(deadlineMs: number): Promise<void> {
    const timer = setTimeout(() => this.#watching.abort(), deadlineMs);
    await Promise.all(this.#followUps);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#calling.abort();
    this.#watching.abort();
    await Promise.allSettled([...this.#callers, ...this.#followUps]);
  }

  async #call(index: number, random: Random): Promise<void> {
    const { tenants } = this.#fleet;
    const tenant = tenants[index % tenants.length];
    if (!tenant) throw new Error('There are no tenants.');
    while (!this.#calling.signal.aborted) {
      await delay(random.exponential(PAUSE_MS_MEAN));
      const call = drawCall(random);
      const run = this.#newRun(tenant, call);
      await sendRun(this.#fleet, tenant, call, run, random.whole(0, ROLE_COUNTS.api - 1));
      this.#followUp(tenant, call, run);
    }
  }

  #newRun(tenant: Key, { engine, hasKey, prompt }: Call): SeenRun {
    const name = `run-${++this.#runs}`;
    const run: SeenRun = {
      name,
      organisationId: tenant.organisationId,
      key: hasKey ? `key-of-${name}` : null,
      engine,
      prompt,
      answers: [],
      refusals: [],
      unanswered: 0,
    };
    this.seen.runs.push(run);
    return run;
  }

  #followUp(tenant: Key, { watching, stops }: Call, { answers: [answer] }: SeenRun): void {
    if (!answer) return;
    const { taskId, token } = answer;
    if (watching) {
      const { mode } = watching;
      const copy: SeenCopy = { taskId, mode, frames: [], isWhole: false, failure: null };
      this.seen.copies.push(copy);
      const task = { tenant, token };
      this.#track(watchTask(this.#fleet, task, watching, copy, this.#watching.signal));
    }
    if (stops) this.#track(this.#stop(tenant, token, stops));
  }

  async #stop(tenant: Key, token: string, { how, afterMs }: NonNullable<Call['stops']>) {
    await delay(afterMs);
    try {
      const { id, status } = await this.#fleet.client({ tenant })[how]({ token });
      this.seen.kills.push({ taskId: id, status });
    } catch (error) {
      // Not answered, or too late: the task goes its way.
      if (error instanceof RunfleetApiError || error instanceof RunfleetConnectionError) return;
      throw error;
    }
  }

  #track(work: Promise<void>): void {
    this.#followUps.add(work);
    void work.finally(() => this.#followUps.delete(work));
  }
}
