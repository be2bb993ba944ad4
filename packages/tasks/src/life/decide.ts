/**
 * The life of a task as decisions. Each takes a state and an input, and returns a plan or a refusal.
 * They are pure and read no clock. A refusal is a normal result: the caller lost a race.
 *
 * A decision about a worker's write compares the epoch first. A worker with an old epoch is *fenced*:
 * its task was requeued or killed, and it discards its work.
 */
import {
  type AnswerEnd,
  answerEndOf,
  FAILURE_STATUS,
  type FinishReason,
  INITIAL_STATUS,
  isTerminal,
  type Micros,
  type NewTaskEvent,
  OUTCOMES,
  type StoredAnswer,
  type StoredOutput,
  TASK_LIFE,
  TASK_STATUSES,
  type TaskEventPayloads,
  type TaskStatus,
} from '@runfleet/protocol';

import { isGone, PULSE_MS_MIN, takesTasks, type WorkerState } from '../fleet/decide-worker.ts';
import { FAILURES, type RetriedFailure } from './failures.ts';
import type { Plan, Step, TaskResult, TaskState } from './task-state.ts';

export type Refusal = {
  refused: 'fenced' | 'not_queued' | 'no_slot' | 'already_done' | 'not_due' | 'overdue';
};

/** `[]`: the same input was applied before, and the caller gets the same answer again. */
export type Decision = Plan | Refusal;

export const isRefusal = (decision: Decision): decision is Refusal => 'refused' in decision;

/** What is read under the commit's locks besides the task itself. */
export type TaskSnapshot = {
  readonly now: Micros;
  readonly pulse: number;
  /** The worker whose slot is wanted. */
  readonly worker: WorkerState | undefined;
  /** The worker to which the task is bound. Only read by commands that may move a slot. */
  readonly holder: WorkerState | undefined;
};

/** Attempts that may fail through no fault of the caller before the task fails. */
export const INFRA_ATTEMPTS_MAX = 3;
/** Assignments of one task, however each ended. The fleet may be restarted this often during one run. */
export const ASSIGNMENTS_MAX = 20;
/** The pause before each further attempt. None before the second: one broken worker is the likeliest cause. */
export const BACKOFF_SECONDS = [0, 4] as const;
/** The longest possible pause: one and a half times the longest nominal one. */
export const PAUSE_SECONDS_MAX = 1.5 * Math.max(...BACKOFF_SECONDS);
/** A worker that does not confirm a ticket within this many pulses loses it. */
export const ACCEPT_PULSES = 5;
/** How long after its timeout a run may still report before a broker ends it. */
export const REPORT_GRACE_SECONDS = 30;
/** An error's text is kept twice in the log and once with the task. */
const ERROR_LENGTH_MAX = 8_192;
/** The number of workers that a task remembers to avoid. */
const AVOIDS_MAX = 8;

const FENCED: Refusal = { refused: 'fenced' };
const NOT_DUE: Refusal = { refused: 'not_due' };
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

/**
 * Binds a queued task to a free slot of a worker. A task that pauses before its next attempt, or whose
 * start deadline has passed, is not bound, so expiry and assignment exclude each other.
 */
export function decideAssign(
  state: TaskState,
  input: { generation: number },
  { worker, pulse, now }: TaskSnapshot,
): Decision {
  const { generation } = input;
  if (state.status !== INITIAL_STATUS) return { refused: 'not_queued' };
  if (state.notBefore !== null && now < state.notBefore) return NOT_DUE;
  if (isPastStart(state, now)) return { refused: 'overdue' };
  if (worker === undefined || !takesTasks(worker, generation, pulse)) return { refused: 'no_slot' };
  return [
    { do: 'raise-epoch' },
    { do: 'bind', workerId: worker.id, generation, pulse },
    enter('task_assign'),
  ];
}

/** The worker confirms the ticket and begins to prepare the run. */
export function decideAccept(
  state: TaskState,
  input: { epoch: number; workerId: string },
): Decision {
  if (state.epoch !== input.epoch || state.workerId !== input.workerId) return FENCED;
  if (state.status === 'task_preprocess_start') return REPEATED;
  if (state.status !== 'task_assign') return FENCED;
  return [enter('task_accept'), enter('task_preprocess_start')];
}

/** The worker confirms a ticket whose run it has already prepared, and starts the run. */
export function decideBegin(
  state: TaskState,
  input: { epoch: number; workerId: string },
): Decision {
  if (state.epoch !== input.epoch || state.workerId !== input.workerId) return FENCED;
  if (state.status === 'task_start') return REPEATED;
  const accepted = decideAccept(state, input);
  if (isRefusal(accepted)) return accepted;
  return [...accepted, enter('task_preprocess_end'), enter('task_start')];
}

/** The input is prepared and the model starts. */
export function decideStart(state: TaskState, input: { epoch: number }): Decision {
  if (state.epoch !== input.epoch) return FENCED;
  if (state.status === 'task_start') return REPEATED;
  if (state.status !== 'task_preprocess_start') return FENCED;
  return [enter('task_preprocess_end'), enter('task_start')];
}

/** Text of an answer. `tokens` counts the answer's tokens so far, this text included. */
export type Output = Omit<TaskEventPayloads['task_output'], 'end'>;

/** Appends text to the log. Text that is there already, by its count of tokens, is a repeat. */
export function decideOutput(state: TaskState, input: { epoch: number } & Output): Decision {
  if (state.epoch !== input.epoch || state.status !== 'task_start') return FENCED;
  return input.tokens <= state.outputTokens ? REPEATED : outputSteps(input, null);
}

function outputSteps(output: Output, end: AnswerEnd | null): Step[] {
  const { raw, tokens, elapsedMs, calls } = output;
  const payload = { raw, tokens, elapsedMs, ...(calls && { calls }), ...(end && { end }) };
  return [
    { do: 'count-output', tokens },
    { do: 'record', event: { type: 'task_output', payload } },
  ];
}

function answerIn(outputs: readonly StoredOutput[]): StoredAnswer['content'] | null {
  return outputs.find((output) => 'content' in output)?.content ?? null;
}

/**
 * Ends the task with a result. `lastOutput` is the text that is not in the log yet, often none; its
 * event has the answer's end. The task enters each remaining status; a run that failed before it began
 * goes on from `task_end`.
 */
export function decideFinish(
  state: TaskState,
  input: { epoch: number; result: TaskResult; lastOutput?: Output | undefined },
): Decision {
  if (state.epoch !== input.epoch) return FENCED;
  if (isTerminal(state.status)) return REPEATED;
  const { lastOutput, result } = input;
  if (result.outcome === 'succeeded' && state.status !== 'task_start') return FENCED;
  const answer = answerIn(result.outputs);
  const end = answer && answerEndOf(answer);
  return [
    ...(lastOutput && state.status === 'task_start' ? outputSteps(lastOutput, end) : []),
    ...(result.outcome === 'succeeded'
      ? [{ do: 'judge-worker', verdict: 'success' } as const]
      : []),
    ...finishPlan(state, result),
  ];
}

/**
 * Ends an attempt that failed through no fault of the caller: the task is requeued, or fails after too
 * many attempts. `failures.ts` defines what counts as an attempt.
 */
export function decideRequeue(
  state: TaskState,
  input: { epoch: number; failure: RetriedFailure; detail?: string },
  { now }: TaskSnapshot,
): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  if (state.epoch !== input.epoch || state.status === INITIAL_STATUS) return FENCED;
  const { next, isStrike, message } = FAILURES[input.failure];
  const reason = input.detail ? `${message} (${boundError(input.detail)})` : message;
  if (next === 'retry') return failAttempt(state, { reason, isStrike }, now);
  if (assignmentsOf(state) < ASSIGNMENTS_MAX) return [{ do: 'raise-epoch' }, backToQueue(reason)];
  const error = `Gave up after ${ASSIGNMENTS_MAX} assignments: ${reason}.`;
  return [{ do: 'raise-epoch' }, ...finishPlan(state, failure('failed', error))];
}

/** Requeues a task whose worker did not confirm the ticket in time. */
export function decideReturnLate(state: TaskState, { pulse, holder, now }: TaskSnapshot): Decision {
  const { assignedPulse, status } = state;
  if (status !== 'task_assign' || assignedPulse === null) return NOT_DUE;
  if (pulse - assignedPulse <= ACCEPT_PULSES) return NOT_DUE;
  // The worker has confirmed a list of its tasks that this one was on: it had the ticket. A pulse
  // more, since the assignment reads the pulse before it is committed.
  const isSeen =
    holder?.generation === state.workerGeneration && holder.seenPulse > assignedPulse + 1;
  return failAttempt(state, { reason: FAILURES.not_accepted.message, isStrike: isSeen }, now);
}

/** Requeues a task whose worker is gone, or was bound to an older connection of that worker. */
export function decideRequeueOrphan(state: TaskState, snapshot: TaskSnapshot): Decision {
  const { holder } = snapshot;
  if (state.workerId === null) return NOT_DUE;
  if (holder && holder.generation === state.workerGeneration && !isGone(holder)) return NOT_DUE;
  return decideRequeue(
    state,
    { epoch: state.epoch, failure: 'worker_lost', ...(holder && { detail: holder.host }) },
    snapshot,
  );
}

/** Ends a run that is past its timeout and does not report. Counted in pulses, so no clock matters. */
export function decideExpireOverdue(state: TaskState, { pulse }: TaskSnapshot): Decision {
  const { assignedPulse, timeoutSeconds } = state;
  if (assignedPulse === null || state.times.acceptedAt === null) return NOT_DUE;
  const ranSeconds = ((pulse - assignedPulse) * PULSE_MS_MIN) / 1_000;
  if (ranSeconds <= timeoutSeconds + REPORT_GRACE_SECONDS) return NOT_DUE;
  return expire(state, 'The run did not end by its timeout.');
}

/** Ends a task that no worker accepted by its start deadline. */
export function decideExpireUnstarted(state: TaskState, { now }: TaskSnapshot): Decision {
  if (state.status !== INITIAL_STATUS && state.status !== 'task_assign') return NOT_DUE;
  if (!isPastStart(state, now)) return NOT_DUE;
  return expire(state, 'No worker could start the run by its start timeout.');
}

/**
 * Ends the pause before a task's next attempt, so that it may be picked. A pause longer than the
 * longest possible one is over too: the clock was set back after it began.
 */
export function decideResume(state: TaskState, { now }: TaskSnapshot): Decision {
  if (state.status !== INITIAL_STATUS || state.notBefore === null) return NOT_DUE;
  const isWaiting = state.notBefore > now && state.notBefore <= now + seconds(PAUSE_SECONDS_MAX);
  return isWaiting ? NOT_DUE : [{ do: 'resume' }];
}

/** Puts a parked task in line: a worker can take it now. */
export function decideUnpark(state: TaskState): Decision {
  return state.status === INITIAL_STATUS && state.isParked ? [{ do: 'unpark' }] : NOT_DUE;
}

/** Ends a task that is still in the queue. */
export function decideCancel(state: TaskState): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  if (state.status !== INITIAL_STATUS) return { refused: 'not_queued' };
  return cancelPlan('cancelled');
}

/** Ends a task in any state. The new epoch fences a worker that still runs it. */
export function decideKill(state: TaskState): Decision {
  if (isTerminal(state.status)) return { refused: 'already_done' };
  return cancelPlan('killed');
}

function cancelPlan(reason: 'cancelled' | 'killed'): Plan {
  return [
    { do: 'raise-epoch' },
    { do: 'settle', result: failure('cancelled', '') },
    {
      do: 'enter',
      status: 'task_cancel',
      event: { type: 'task_cancel', payload: { reason } },
    },
  ];
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
    history: null,
    completionTokens: 0,
  };
}

function expire(state: TaskState, reason: string): Plan {
  return [{ do: 'raise-epoch' }, ...finishPlan(state, failure('expired', reason))];
}

function isPastStart(state: TaskState, now: Micros): boolean {
  return state.startBy !== null && now >= state.startBy;
}

/**
 * The pause after a task's nth failed attempt: half to one and a half times the nominal pause,
 * depending on the task's id, so that tasks that failed with one worker spread out.
 */
function pauseAfter(attempts: number, id: string): Micros {
  const nominal = seconds(BACKOFF_SECONDS[Math.min(attempts, BACKOFF_SECONDS.length) - 1] ?? 0);
  const spread = (BigInt(id) * 2_654_435_761n) % 1_000n;
  return (nominal * (500n + spread)) / 1_000n;
}

function seconds(count: number): Micros {
  return BigInt(count) * 1_000_000n;
}

/** Counts a failed attempt, and requeues the task or fails it. */
function failAttempt(
  state: TaskState,
  { reason, isStrike }: { reason: string; isStrike: boolean },
  now: Micros,
): Plan {
  const { workerId } = state;
  const isKnown = workerId === null || state.avoids.includes(workerId);
  const attempt: Step[] = [
    { do: 'raise-epoch' },
    { do: 'count-infra-attempt' },
    // A second failure under the same task is no new evidence against the worker.
    ...(isStrike && !isKnown ? [{ do: 'judge-worker', verdict: 'strike' } as const] : []),
  ];
  const attempts = state.infraAttempts + 1;
  if (attempts >= INFRA_ATTEMPTS_MAX) {
    const error = `Gave up after ${INFRA_ATTEMPTS_MAX} attempts: ${reason}.`;
    return [...attempt, ...finishPlan(state, failure('failed', error))];
  }
  const pause = pauseAfter(attempts, state.id);
  return [
    ...attempt,
    ...(isKnown
      ? []
      : [{ do: 'avoid', workerIds: [...state.avoids, workerId].slice(-AVOIDS_MAX) } as const]),
    ...(pause === 0n ? [] : [{ do: 'pause', notBefore: now + pause } as const]),
    backToQueue(reason),
  ];
}

/** How often the task was assigned: each assignment raises the epoch by one, and so does each requeue. */
function assignmentsOf({ epoch }: TaskState): number {
  return Math.ceil(epoch / 2);
}

/** Cuts an error's text to its bound, between characters: Postgres refuses half a character. */
function boundError(text: string): string {
  return text.slice(0, ERROR_LENGTH_MAX).replace(/[\uD800-\uDBFF]$/, '');
}

function finishPlan(state: TaskState, given: TaskResult): Plan {
  const result = { ...given, error: boundError(given.error) };
  const { output, error } = result;
  const reports: NewTaskEvent[] = [];
  if (result.outcome === 'succeeded') {
    const answer = answerIn(result.outputs);
    const end = answer && answerEndOf(answer);
    const calls = answer?.calls;
    const payload = { raw: output, ...(calls && { calls }), ...(end && { end }) };
    reports.push({ type: 'task_output_full', payload });
  } else if (error !== '') {
    reports.push({ type: 'task_error', payload: { raw: error } });
  }
  if (error !== '') reports.push({ type: 'task_error_full', payload: { raw: error } });
  return [
    ...reports.map((event): Step => ({ do: 'record', event })),
    ...roadToEnd(state.status).map(enter),
    { do: 'settle', result },
    {
      do: 'enter',
      status: 'task_postprocess_end',
      event: {
        type: 'task_postprocess_end',
        payload: { outputs: result.outputs, pexit: OUTCOMES[result.outcome].pexit },
      },
    },
  ];
}

/** The statuses from here to the end, beginning with `task_end` unless the task has passed it. */
function roadToEnd(from: TaskStatus): TaskStatus[] {
  const isPast = TASK_STATUSES.indexOf(from) >= TASK_STATUSES.indexOf(FAILURE_STATUS);
  const road: TaskStatus[] = isPast ? [] : [FAILURE_STATUS];
  for (;;) {
    const { next } = TASK_LIFE[road.at(-1) ?? from];
    if (next === null || isTerminal(next)) return road;
    road.push(next);
  }
}
