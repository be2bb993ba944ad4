/**
 * The life of one task that never ran. It is planned, moved and billed by the functions that move real
 * tasks, so its log, its row and its transfers obey the same laws.
 */
import { compatibleAdmission, holdFor, type Movement } from '@runfleet/billing';
import {
  INITIAL_STATUS,
  type Micros,
  type NewTaskEvent,
  OUTCOMES,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';
import {
  applyPlan,
  failure,
  type ImportedTask,
  type NewTask,
  newTaskPlan,
  PLAIN_RUN,
  type Step,
  type TaskResult,
} from '@runfleet/tasks';

export type DemoTask = { id: string; parameters: Readonly<Record<string, string>> } & Pick<
  NewTask,
  'organisationId' | 'projectId' | 'ownerId' | 'model' | 'seed' | 'timeoutSeconds'
>;

/** How a task ends. What is left out is as in `failure`. */
export type DemoEnd = Pick<TaskResult, 'outcome'> & Partial<TaskResult>;

const DEMO_TENANT = { weight: 1, runningLimit: null };

export class DemoLife implements ImportedTask {
  readonly task: DemoTask;
  readonly plan: ImportedTask['plan'];
  readonly moved: { movement: Movement; at: Micros }[] = [];
  patch: ImportedTask['patch'] = null;
  output = '';
  #now: Micros;

  constructor(task: DemoTask, queuedAt: Micros) {
    this.task = task;
    this.#now = queuedAt;
    this.plan = newTaskPlan(
      task.id,
      { ...PLAIN_RUN, ...task, admission: compatibleAdmission },
      {
        turn: null,
        now: queuedAt,
        usualSeconds: undefined,
        isParked: false,
        policy: DEMO_TENANT,
        countedIn: [],
      },
    );
    this.moved.push({ movement: holdFor(this.plan.state, this.plan.state.held), at: queuedAt });
  }

  get state(): ImportedTask['plan']['state'] {
    return this.plan.state;
  }

  get events(): readonly TaskEvent[] {
    return this.plan.events;
  }

  get now(): Micros {
    return this.#now;
  }

  /** Advances the time. */
  after(ms: number): this {
    this.#now += BigInt(Math.max(1, Math.round(ms * 1_000)));
    return this;
  }

  apply(...steps: Step[]): this {
    const { events, movements, patch } = applyPlan(this.state, steps, this.#now);
    this.plan.events.push(...events);
    this.moved.push(...movements.map((movement) => ({ movement, at: this.#now })));
    this.patch ??= patch;
    return this;
  }

  enter(status: TaskStatus): this {
    return this.#enter(status, { type: status, payload: null } as NewTaskEvent);
  }

  record(event: NewTaskEvent): this {
    return this.apply({ do: 'record', event });
  }

  /** Adds text to the answer; `tokens` is the total so far. */
  say(raw: string, tokens: number): this {
    this.output += raw;
    const elapsedMs = Number((this.#now - (this.state.times.startedAt ?? this.#now)) / 1_000n);
    const event = { type: 'task_output', payload: { raw, tokens, elapsedMs } } as const;
    return this.apply({ do: 'count-output', tokens }, { do: 'record', event });
  }

  raiseEpoch(): this {
    return this.apply({ do: 'raise-epoch' });
  }

  /** Counts an attempt whose worker was lost. */
  loseAttempt(): this {
    return this.apply({ do: 'raise-epoch' }, { do: 'count-infra-attempt' });
  }

  /** Ends a lost attempt: back to the queue, without its times and output. */
  requeue(reason: string): this {
    this.output = '';
    this.loseAttempt();
    return this.#enter(INITIAL_STATUS, { type: INITIAL_STATUS, payload: { reason } });
  }

  /** Computes the bill and releases the rest of the hold. */
  settle({ outcome, error = '', ...end }: DemoEnd): this {
    const output = outcome === 'succeeded' ? this.output : '';
    return this.apply({ do: 'settle', result: { ...failure(outcome, error), output, ...end } });
  }

  /** Records the last event of a task that was not cancelled. */
  finish(): this {
    const outputs = this.patch?.outputs ?? [];
    return this.#enter('task_postprocess_end', {
      type: 'task_postprocess_end',
      payload: { outputs, pexit: OUTCOMES[this.state.outcome ?? 'failed'].pexit },
    });
  }

  cancel(reason: 'killed' | 'cancelled'): this {
    return this.#enter('task_cancel', { type: 'task_cancel', payload: { reason } });
  }

  #enter(status: TaskStatus, event: NewTaskEvent): this {
    return this.apply({ do: 'enter', status, event });
  }
}
