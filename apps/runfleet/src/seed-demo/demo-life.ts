/**
 * The life of one task that never ran: its log, its row and its transfers. It follows the laws of a
 * real task: legal transitions, a gapless `seq`, a rising epoch, one end, and a bill from the same
 * functions.
 */
import assert from 'node:assert';

import {
  billedTicks,
  charge,
  cpsOf,
  hold,
  holdFor,
  type Movement,
  type Price,
  pricePerSecond,
  settle,
} from '@runfleet/billing';
import type { Model } from '@runfleet/catalog';
import {
  canTransition,
  formatTicks,
  formatUsd,
  INITIAL_STATUS,
  type Micros,
  newTaskToken,
  type NewTaskEvent,
  type Outcome,
  OUTCOMES,
  type Receipt,
  TASK_LIFE,
  type TaskEvent,
  type TaskOutputItem,
  type TaskStatus,
  type TaskTime,
  ticksBetween,
} from '@runfleet/protocol';

export type DemoTask = {
  id: string;
  organisationId: string;
  projectId: string;
  ownerId: string;
  model: Model;
  parameters: Readonly<Record<string, string>>;
  seed: bigint;
  timeoutSeconds: number;
};

export type DemoEnd = {
  outcome: Outcome;
  finishReason: string;
  error?: string;
  weights: string;
  device: string;
  promptTokens: number;
  completionTokens: number;
};

type Moved = { movement: Movement; at: Micros };

export class DemoLife {
  readonly task: DemoTask;
  readonly token = newTaskToken();
  readonly events: TaskEvent[] = [];
  readonly moved: Moved[] = [];
  readonly times: Partial<Record<TaskTime, Micros>> = {};
  readonly held: bigint;
  readonly price: Price;
  status: TaskStatus = INITIAL_STATUS;
  epoch = 0;
  infraAttempts = 0;
  output = '';
  outputTokens = 0;
  outcome: Outcome | null = null;
  totalCost = 0n;
  error = '';
  receipt: Receipt | null = null;
  outputs: readonly TaskOutputItem[] = [];
  #now: Micros;

  constructor(task: DemoTask, queuedAt: Micros) {
    this.task = task;
    this.#now = queuedAt;
    this.price = pricePerSecond(task.model.priceVersion, task.model.cps);
    this.held = hold(this.price, { timeoutSeconds: task.timeoutSeconds });
    this.times.queuedAt = queuedAt;
    this.record({ type: INITIAL_STATUS, payload: null });
    const held = formatUsd(this.held);
    this.record({
      type: 'task_cost',
      payload: { kind: 'hold', seconds: '0.0000', cost: formatUsd(0n), held },
    });
    this.moved.push({ movement: holdFor(task, this.held), at: queuedAt });
  }

  get changedAt(): Micros {
    return this.#now;
  }

  /** Advances the time. */
  after(ms: number): this {
    this.#now += BigInt(Math.max(1, Math.round(ms * 1_000)));
    return this;
  }

  enter(status: TaskStatus): this {
    return this.#enter(status, { type: status, payload: null } as NewTaskEvent);
  }

  record(event: NewTaskEvent): this {
    const { id: taskId } = this.task;
    const seq = this.events.length + 1;
    this.events.push({ ...event, taskId, seq, epoch: this.epoch, at: this.#now });
    return this;
  }

  /** Adds text to the answer; `tokens` is the total so far. */
  say(raw: string, tokens: number): this {
    this.output += raw;
    this.outputTokens = tokens;
    const elapsedMs = Number((this.#now - (this.times.startedAt ?? this.#now)) / 1_000n);
    return this.record({ type: 'task_output', payload: { raw, tokens, elapsedMs } });
  }

  raiseEpoch(): this {
    this.epoch += 1;
    return this;
  }

  /** Ends a lost attempt: back to the queue, without its times and output. */
  requeue(reason: string): this {
    this.raiseEpoch();
    this.infraAttempts += 1;
    const { queuedAt } = this.times;
    for (const { time } of Object.values(TASK_LIFE)) delete this.times[time];
    if (queuedAt !== undefined) this.times.queuedAt = queuedAt;
    this.output = '';
    this.outputTokens = 0;
    return this.#enter(INITIAL_STATUS, { type: INITIAL_STATUS, payload: { reason } });
  }

  /** Computes the bill and releases the rest of the hold. */
  settle(end: DemoEnd): this {
    const { times, task } = this;
    const { charged } = OUTCOMES[end.outcome];
    const ticks = billedTicks({
      acceptedAt: times.acceptedAt ?? null,
      endedAt: times.endedAt ?? null,
      timeoutSeconds: task.timeoutSeconds,
    });
    this.outcome = end.outcome;
    this.error = end.error ?? '';
    const { promptTokens, completionTokens: outputTokens } = end;
    const use = { ticks, outputItems: this.outputs.length, promptTokens, outputTokens };
    this.totalCost = charged ? charge(this.price, use) : 0n;
    const seconds = (from: Micros | undefined, to: Micros | undefined) =>
      formatTicks(from === undefined || to === undefined ? 0n : ticksBetween(from, to));
    this.receipt = {
      priceVersion: task.model.priceVersion,
      cps: cpsOf(this.price),
      seconds: {
        queue: seconds(times.queuedAt, times.acceptedAt ?? this.#now),
        preprocess: seconds(times.preprocessStartedAt, times.preprocessEndedAt),
        run: seconds(times.startedAt, times.endedAt),
        postprocess: seconds(times.endedAt, this.#now),
        billed: formatTicks(charged ? ticks : 0n),
      },
      used: {
        seconds: seconds(times.acceptedAt, times.endedAt ?? this.#now),
        tokens: this.outputTokens,
      },
      weights: end.weights,
      device: end.device,
      promptTokens: end.promptTokens,
      completionTokens: end.completionTokens,
      finishReason: end.finishReason,
      cost: formatUsd(this.totalCost),
    };
    const movement = settle({ ...task, held: this.held }, this.totalCost);
    this.moved.push({ movement, at: this.#now });
    const { cost, seconds: parts } = this.receipt;
    const payload = { kind: 'settle' as const, seconds: parts.billed, cost, held: formatUsd(0n) };
    return this.record({ type: 'task_cost', payload: { ...payload, receipt: this.receipt } });
  }

  /** Records the last event of a task that was not cancelled. */
  finish(outputs: readonly TaskOutputItem[]): this {
    this.outputs = outputs;
    return this.#enter('task_postprocess_end', {
      type: 'task_postprocess_end',
      payload: { outputs },
    });
  }

  cancel(reason: 'killed' | 'cancelled'): this {
    return this.#enter('task_cancel', { type: 'task_cancel', payload: { reason } });
  }

  #enter(status: TaskStatus, event: NewTaskEvent): this {
    assert(canTransition(this.status, status), `${this.status} does not lead to ${status}`);
    this.status = status;
    if (status !== INITIAL_STATUS) this.times[TASK_LIFE[status].time] = this.#now;
    return this.record(event);
  }
}
