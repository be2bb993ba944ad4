/**
 * What decisions see of a task, and how a plan changes it. Pure: the Postgres store and a
 * simulator apply the same plan with the same function.
 */
import assert from 'node:assert';

import { bill, billedTicks, cpsOf, type Movement, settle } from '@runfleet/billing';
import {
  formatTicks,
  formatUsd,
  type History,
  INITIAL_STATUS,
  isTerminal,
  type CallbackEvent,
  canTransition,
  type Micros,
  type NewTaskEvent,
  type Outcome,
  OUTCOMES,
  type Receipt,
  TASK_LIFE,
  type TaskEvent,
  type StoredFile,
  type StoredOutput,
  type TaskStatus,
  type TaskTime,
  ticksBetween,
} from '@runfleet/protocol';

import type { TaskFields } from '../store/task-record.ts';
import { lineOf, offerOf, type QueueMove, releaseOf, withdrawalOf } from './queue-moves.ts';

export type TaskTimes = Record<TaskTime, Micros | null>;

/** Of a task that reached no status yet. */
export const NO_TIMES = Object.fromEntries(
  Object.values(TASK_LIFE).map(({ time }) => [time, null]),
) as TaskTimes;

/** The fields are those of the task's record that decisions read. A plan changes those that commits write. */
export type TaskState = Readonly<
  Omit<TaskFields<'decide'>, keyof TaskFields<'change'>> & {
    /** The tenant's, as they are now. */
    weight: number;
    runningLimit: number | null;
    /** Whether a project of the tenant has addresses that are called for events. */
    hasEndpoints: boolean;
  }
> &
  TaskFields<'change'>;

/** How an attempt ended, as the worker or a broker reports it. */
export type TaskResult = {
  outcome: Outcome;
  finishReason: string;
  output: string;
  error: string;
  outputs: readonly StoredOutput[];
  files: readonly StoredFile[];
  weights: string;
  device: string;
  /** `isolation` of the engine; absent if no model answered. */
  isolation?: number;
  promptTokens: number;
  /** What it read of its conversation; null where it continued none. */
  history: History | null;
  completionTokens: number;
};

/** One thing a plan does, in order. */
export type Step =
  | { do: 'enter'; status: TaskStatus; event: NewTaskEvent }
  | { do: 'record'; event: NewTaskEvent }
  | { do: 'raise-epoch' }
  | { do: 'bind'; workerId: string; generation: number; pulse: number }
  | { do: 'count-infra-attempt' }
  | { do: 'judge-worker'; verdict: Verdict }
  | { do: 'avoid'; workerIds: readonly string[] }
  | { do: 'pause'; notBefore: Micros }
  | { do: 'resume' }
  | { do: 'unpark' }
  | { do: 'count-output'; tokens: number }
  | { do: 'settle'; result: TaskResult };

export type Plan = readonly Step[];

/** What readers get when a task has ended; not needed to decide anything. */
export type ResultPatch = {
  debugOutput: string;
  debugError: string;
  outputs: readonly StoredOutput[];
  files: readonly StoredFile[];
  receipt: Receipt;
};

/** What an attempt says about the worker that carried it. */
type Verdict = 'strike' | 'success';

/** What a plan changes in a worker's row. */
export type SlotChange = {
  workerId: string;
  generation: number;
  delta: 1 | -1;
  verdict: Verdict | null;
};

/** A task that ended and whose tenant wants to be told. */
export type EndedCallback = {
  taskId: string;
  organisationId: string;
  /** The Run's own; null for none. */
  url: string | null;
  event: CallbackEvent;
  at: Micros;
};

/** Everything a plan writes, besides the state itself. */
export type Effects = {
  events: TaskEvent[];
  slots: SlotChange[];
  movements: Movement[];
  callbacks: EndedCallback[];
  moves: QueueMove[];
  patch: ResultPatch | null;
};

/** Applies `plan` to `state` in place. `now` never runs behind the task's last change. */
export function applyPlan(state: TaskState, plan: Plan, clock: Micros): Effects {
  const now = clock > state.changedAt ? clock : state.changedAt;
  const effects: Effects = {
    events: [],
    slots: [],
    movements: [],
    callbacks: [],
    moves: [],
    patch: null,
  };

  const record = ({ type, payload }: NewTaskEvent) => {
    state.seq += 1;
    state.changedAt = now;
    const { id: taskId, seq, epoch } = state;
    // Written out: `...event` with more behind it costs seven times as much. The payload is its type's.
    effects.events.push({ type, payload, taskId, seq, epoch, at: now } as TaskEvent);
  };
  let verdict: Verdict | null = null;
  const releaseSlot = () => {
    if (state.workerId === null || state.workerGeneration === null) return;
    const { workerId, workerGeneration: generation } = state;
    effects.slots.push({ workerId, generation, delta: -1, verdict });
    effects.moves.push(releaseOf(state, now - (state.times.assignedAt ?? now)));
    state.workerId = null;
    state.workerGeneration = null;
    state.assignedPulse = null;
  };

  const offer = () => {
    const line = lineOf({ ...state, queuedAt: state.times.queuedAt ?? now });
    effects.moves.push(offerOf({ ...state, priority: line.priority }, line.queuedAt));
  };

  const callBack = () => {
    const { id: taskId, organisationId, callbackUrl: url, hasEndpoints, outcome } = state;
    if ((url === null && !hasEndpoints) || outcome === null) return;
    effects.callbacks.push({
      taskId,
      organisationId,
      url,
      event: OUTCOMES[outcome].event,
      at: now,
    });
    effects.moves.push({ do: 'callBack', task: { taskId, organisationId } });
  };

  for (const step of plan) {
    switch (step.do) {
      case 'enter': {
        assert(
          canTransition(state.status, step.status),
          `${state.status} does not lead to ${step.status}`,
        );
        if (step.status === INITIAL_STATUS || isTerminal(step.status)) releaseSlot();
        const wasParked = state.isParked;
        state.isParked = false;
        if (step.status === INITIAL_STATUS) {
          forgetAttempt(state);
          state.changedAt = now;
          if (state.notBefore === null) offer();
        } else {
          state.times[TASK_LIFE[step.status].time] = now;
          // It ends in the queue.
          if (state.status === INITIAL_STATUS && step.status !== 'task_assign') {
            state.notBefore = null;
            // A parked task is in no index: a withdrawal would only make keys for its lane.
            if (!wasParked) effects.moves.push(withdrawalOf(state));
          }
        }
        state.status = step.status;
        record(step.event);
        if (isTerminal(step.status)) callBack();
        break;
      }
      case 'record':
        record(step.event);
        break;
      case 'raise-epoch':
        state.epoch += 1;
        break;
      case 'bind':
        state.workerId = step.workerId;
        state.workerGeneration = step.generation;
        state.assignedPulse = step.pulse;
        effects.slots.push({
          workerId: step.workerId,
          generation: step.generation,
          delta: 1,
          verdict: null,
        });
        break;
      case 'count-infra-attempt':
        state.infraAttempts += 1;
        break;
      case 'judge-worker':
        verdict = step.verdict;
        break;
      case 'avoid':
        state.avoids = step.workerIds;
        break;
      case 'pause':
        state.notBefore = step.notBefore;
        break;
      case 'resume':
        state.notBefore = null;
        if (!state.isParked) offer();
        break;
      case 'unpark':
        state.isParked = false;
        if (state.notBefore === null) offer();
        break;
      case 'count-output':
        state.outputTokens = step.tokens;
        break;
      case 'settle': {
        const { movement, patch } = settleRun(state, step.result, now);
        effects.movements.push(movement);
        effects.patch = patch;
        record({
          type: 'task_cost',
          payload: {
            kind: 'settle',
            seconds: patch.receipt.seconds.billed,
            cost: patch.receipt.cost,
            held: formatUsd(0n),
            receipt: patch.receipt,
          },
        });
        break;
      }
    }
  }
  return effects;
}

/** Times, output and billing are the last epoch's. */
function forgetAttempt(state: TaskState): void {
  if (state.times.acceptedAt !== null) state.startBy = null;
  for (const { time } of Object.values(TASK_LIFE)) {
    if (time !== TASK_LIFE[INITIAL_STATUS].time) state.times[time] = null;
  }
  state.outputTokens = 0;
}

const NO_BILL: ReturnType<typeof bill> = { cost: 0n, lines: [] };

function settleRun(state: TaskState, result: TaskResult, now: Micros) {
  const { pexit, charged } = OUTCOMES[result.outcome];
  const { acceptedAt, endedAt } = state.times;
  const { timeoutSeconds } = state;
  const ticks = billedTicks({ acceptedAt, endedAt, timeoutSeconds });
  const used = billedTicks({ acceptedAt, endedAt: endedAt ?? now, timeoutSeconds });
  const { outputs, promptTokens, completionTokens: outputTokens } = result;
  const use = { ticks, outputItems: outputs.length, promptTokens, outputTokens };
  const { cost, lines } = charged ? bill(state.price, use, state.held) : NO_BILL;
  state.totalCost = cost;
  state.outcome = result.outcome;
  state.pexit = pexit;

  const { times } = state;
  const seconds = (from: Micros | null, to: Micros | null) =>
    formatTicks(from === null || to === null ? 0n : ticksBetween(from, to));
  const patch: ResultPatch = {
    debugOutput: result.output,
    debugError: result.error,
    outputs: result.outputs,
    files: result.files,
    receipt: {
      priceVersion: state.price.version,
      cps: cpsOf(state.price),
      seconds: {
        queue: seconds(times.queuedAt, times.acceptedAt ?? now),
        preprocess: seconds(times.preprocessStartedAt, times.preprocessEndedAt),
        run: seconds(times.startedAt, times.endedAt),
        postprocess: seconds(times.endedAt, now),
        billed: formatTicks(charged ? ticks : 0n),
      },
      used: { seconds: formatTicks(used), tokens: state.outputTokens },
      weights: result.weights,
      device: result.device,
      ...(result.isolation !== undefined && { isolation: result.isolation }),
      promptTokens: result.promptTokens,
      ...(result.history && { history: result.history }),
      completionTokens: result.completionTokens,
      finishReason: result.finishReason,
      cost: formatUsd(cost),
      bill: lines,
    },
  };
  return { movement: settle(state, cost), patch };
}
