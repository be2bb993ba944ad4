/**
 * The life of a task as decisions: (state, input) to a plan, or to a refusal. Pure and without a
 * clock. A refusal is a normal result: a race was lost, and the loser is told how.
 *
 * Every decision about a worker's write compares the epoch first. Who holds an old epoch is
 * *fenced*: the task was requeued or killed meanwhile, and the worker throws its work away.
 */
import {
  type FinishReason,
  INITIAL_STATUS,
  isTerminal,
  type NewTaskEvent,
  TASK_LIFE,
  type TaskStatus,
} from '@runfleet/protocol';

import type { Plan, Step, TaskResult, TaskState } from './task-state.ts';

export type Refusal = { refused: 'fenced' | 'not_queued' | 'no_slot' | 'already_done' };

/** `[]` where the same input was already applied: the caller gets the same answer again. */
export type Decision = Plan | Refusal;

export const isRefusal = (decision: Decision): decision is Refusal => 'refused' in decision;

/** A worker as an assignment sees it, under its row lock. */
export type WorkerState = {
  readonly id: string;
  readonly generation: number;
  readonly isReady: boolean;
  readonly slots: number;
  used: number;
};

/** Tries that may end for no fault of the caller's before the task fails. */
export const INFRA_ATTEMPTS_MAX = 3;

const FENCED: Refusal = { refused: 'fenced' };
const REPEATED: Plan = [];

const enter = (status: TaskStatus): Step => ({
  do: 'enter',
  status,
  event: { type: status, payload: null } as NewTaskEvent,
});

const backToQueue = (reason: string): Step => ({
  do: 'enter',
  status: INITIAL_STATUS,
  event: { type: INITIAL_STATUS, payload: { reason } },
});

/** Binds a queued task to a free slot of a worker. */
export function decideAssign(
  state: TaskState,
  worker: WorkerState | undefined,
  generation: number,
  pulse: number,
): Decision {
  if (state.status !== INITIAL_STATUS) return { refused: 'not_queued' };
  if (
    worker === undefined ||
    !worker.isReady ||
    worker.generation !== generation ||
    worker.used >= worker.slots
  ) {
    return { refused: 'no_slot' };
  }
  return [
    { do: 'raise-epoch' },
    { do: 'bind', workerId: worker.id, generation, pulse },
    enter('task_assign'),
  ];
}

/** The worker confirms the claim and begins to prepare the run. */
export function decideAccept(
  state: TaskState,
  input: { epoch: number; workerId: string },
): Decision {
  if (state.epoch !== input.epoch || state.workerId !== input.workerId) return FENCED;
  if (state.status === 'task_preprocess_start') return REPEATED;
  if (state.status !== 'task_assign') return FENCED;
  return [enter('task_accept'), enter('task_preprocess_start')];
}

/** The input is ready and the model begins. */
export function decideStart(state: TaskState, input: { epoch: number }): Decision {
  if (state.epoch !== input.epoch) return FENCED;
  if (state.status === 'task_start') return REPEATED;
  if (state.status !== 'task_preprocess_start') return FENCED;
  return [enter('task_preprocess_end'), enter('task_start')];
}

/** Text of an answer. `tokens` counts the answer's tokens so far, this text included. */
export type Output = { raw: string; tokens: number; elapsedMs: number };

/** New text. What the log has already, by its count of tokens, is a repeat. */
export function decideOutput(state: TaskState, input: { epoch: number } & Output): Decision {
  if (state.epoch !== input.epoch || state.status !== 'task_start') return FENCED;
  if (input.tokens <= state.outputTokens) return REPEATED;
  const { raw, tokens, elapsedMs } = input;
  return [
    { do: 'count-output', tokens },
    { do: 'record', event: { type: 'task_output', payload: { raw, tokens, elapsedMs } } },
  ];
}

/**
 * The attempt ended; `lastOutput` is text that is not in the log yet. From `task_start` on, the rest
 * of the road is walked and recorded; before it there is nothing to walk, and a failure goes straight
 * to the end.
 */
export function decideFinish(
  state: TaskState,
  input: { epoch: number; result: TaskResult; lastOutput?: Output | undefined },
): Decision {
  if (state.epoch !== input.epoch) return FENCED;
  if (isTerminal(state.status)) return REPEATED;
  const { lastOutput, result } = input;
  if (result.outcome === 'succeeded' && state.status !== 'task_start') return FENCED;
  const output = lastOutput ? decideOutput(state, { epoch: input.epoch, ...lastOutput }) : [];
  return [...(isRefusal(output) ? [] : output), ...finishPlan(state, result)];
}

/** Back to the queue, for no fault of the caller's; or, after too many such attempts, a clear failure. */
export function decideRequeue(
  state: TaskState,
  input: { epoch: number; reason: string },
): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  if (state.epoch !== input.epoch || state.status === INITIAL_STATUS) return FENCED;
  if (state.infraAttempts + 1 >= INFRA_ATTEMPTS_MAX) {
    return [
      { do: 'raise-epoch' },
      { do: 'count-infra-attempt' },
      ...finishPlan(
        state,
        failure('failed', `Gave up after ${INFRA_ATTEMPTS_MAX} attempts: ${input.reason}.`),
      ),
    ];
  }
  return [{ do: 'raise-epoch' }, { do: 'count-infra-attempt' }, backToQueue(input.reason)];
}

/** A ticket that no worker took in time: back to the queue, and nobody's attempt is counted. */
export function decideReturn(state: TaskState, input: { epoch: number; reason: string }): Decision {
  return state.status === 'task_assign' ? decideHandBack(state, input) : FENCED;
}

/** Back to the queue from wherever it is, and nobody's attempt is counted. */
export function decideHandBack(
  state: TaskState,
  input: { epoch: number; reason: string },
): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  if (state.epoch !== input.epoch || state.status === INITIAL_STATUS) return FENCED;
  return [{ do: 'raise-epoch' }, backToQueue(input.reason)];
}

/** Ends a task in any state at once; a worker that still runs it is fenced by the new epoch. */
export function decideKill(state: TaskState, input: { onlyQueued: boolean }): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  if (input.onlyQueued && state.status !== INITIAL_STATUS) return { refused: 'not_queued' };
  return [
    { do: 'raise-epoch' },
    { do: 'settle', result: failure('cancelled', '') },
    {
      do: 'enter',
      status: 'task_cancel',
      event: {
        type: 'task_cancel',
        payload: { reason: input.onlyQueued ? 'cancelled' : 'killed' },
      },
    },
  ];
}

/** Ends a task that will not finish by itself: its deadline passed and nobody reports. */
export function decideExpire(state: TaskState, input: { epoch: number; reason: string }): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  if (state.epoch !== input.epoch) return FENCED;
  return [{ do: 'raise-epoch' }, ...finishPlan(state, failure('expired', input.reason))];
}

/** A result without output. */
export function failure(outcome: TaskResult['outcome'], error: string): TaskResult {
  return {
    outcome,
    finishReason: outcome === 'expired' ? ('timeout' satisfies FinishReason) : outcome,
    output: '',
    error,
    outputs: [],
    files: [],
    weights: '',
    device: '',
    promptTokens: 0,
    completionTokens: 0,
  };
}

function finishPlan(state: TaskState, result: TaskResult): Plan {
  const { output, error } = result;
  const reports: NewTaskEvent[] = [];
  if (result.outcome === 'succeeded') {
    reports.push({ type: 'task_output_full', payload: { raw: output } });
  } else if (error !== '') {
    reports.push({ type: 'task_error', payload: { raw: error } });
  }
  if (error !== '') reports.push({ type: 'task_error_full', payload: { raw: error } });
  const rest = state.status === 'task_start' ? restOfRoad(state.status) : [];
  return [
    ...reports.map((event): Step => ({ do: 'record', event })),
    ...rest.map(enter),
    { do: 'settle', result },
    {
      do: 'enter',
      status: 'task_postprocess_end',
      event: { type: 'task_postprocess_end', payload: { outputs: result.outputs } },
    },
  ];
}

/** The statuses between `from` and the end of the road, both excluded. */
function restOfRoad(from: TaskStatus): TaskStatus[] {
  const road: TaskStatus[] = [];
  let next: TaskStatus | null = TASK_LIFE[from].next;
  while (next !== null && !isTerminal(next)) {
    road.push(next);
    next = TASK_LIFE[next].next;
  }
  return road;
}
