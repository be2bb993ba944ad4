import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { RunfleetApiError, RunfleetConnectionError } from '@runfleet/client';

import type { Key } from '../e2e/fleet.ts';
import { Random } from '../simulation/kernel/random.ts';
import type { ChaosFleet } from './chaos-fleet.ts';
import { type Call, drawCall } from './draw-call.ts';
import { ROLE_COUNTS } from './faults.ts';
import { followTask } from './follow-task.ts';
import type { Observations, ObservedCopy, ObservedRun } from './observations.ts';
import { sendRun } from './send-run.ts';

const CALLERS = 12;
const PAUSE_MS_MEAN = 400;

/** Clients of several tenants that send Runs, follow tasks, disconnect, reconnect, and kill some tasks. */
export class Callers implements AsyncDisposable {
  readonly observed: Observations = { runs: [], copies: [], kills: [] };
  readonly #fleet: ChaosFleet;
  readonly #calling = new AbortController();
  readonly #following = new AbortController();
  readonly #callers: Promise<void>[];
  readonly #followUps = new Set<Promise<void>>();
  #runs = 0;

  /** Starts the callers. Everything that they choose follows from `seed`. */
  constructor(fleet: ChaosFleet, seed: number) {
    this.#fleet = fleet;
    // Every follower of a task adds a listener.
    setMaxListeners(0, this.#following.signal);
    this.#callers = Array.from({ length: CALLERS }, (_, index) =>
      this.#call(index, new Random(seed * CALLERS + index)),
    );
  }

  /** Runs that were answered with a task. */
  get accepted(): number {
    return this.observed.runs.filter(({ answers }) => answers.length > 0).length;
  }

  /** Sends no more Runs. Resolves when each Run in progress was answered or given up. */
  async endCalls(): Promise<void> {
    this.#calling.abort();
    await Promise.all(this.#callers);
  }

  /** Resolves when every follower has received the end of its task; after `deadlineMs` the others stop. */
  async endFollowing(deadlineMs: number): Promise<void> {
    const timer = setTimeout(() => this.#following.abort(), deadlineMs);
    await Promise.all(this.#followUps);
    clearTimeout(timer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#calling.abort();
    this.#following.abort();
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

  #newRun(tenant: Key, { engine, hasKey, prompt }: Call): ObservedRun {
    const name = `run-${++this.#runs}`;
    const run: ObservedRun = {
      name,
      organisationId: tenant.organisationId,
      key: hasKey ? `key-of-${name}` : null,
      engine,
      prompt,
      answers: [],
      refusals: [],
      unanswered: 0,
    };
    this.observed.runs.push(run);
    return run;
  }

  #followUp(tenant: Key, { follow, stops }: Call, { answers: [answer] }: ObservedRun): void {
    if (!answer) return;
    const { taskId, token } = answer;
    if (follow) {
      const { mode } = follow;
      const copy: ObservedCopy = { taskId, mode, frames: [], isWhole: false, failure: null };
      this.observed.copies.push(copy);
      const task = { tenant, token };
      this.#track(followTask(this.#fleet, task, follow, copy, this.#following.signal));
    }
    if (stops) this.#track(this.#stop(tenant, token, stops));
  }

  async #stop(tenant: Key, token: string, { how, afterMs }: NonNullable<Call['stops']>) {
    await delay(afterMs);
    try {
      const { id, status } = await this.#fleet.client({ tenant })[how]({ token });
      this.observed.kills.push({ taskId: id, status });
    } catch (error) {
      // No answer, or too late: the task continues.
      if (error instanceof RunfleetApiError || error instanceof RunfleetConnectionError) return;
      throw error;
    }
  }

  #track(work: Promise<void>): void {
    this.#followUps.add(work);
    void work.finally(() => this.#followUps.delete(work));
  }
}
