import {
  answerContent,
  type AnswerEnd,
  formatElapsed,
  isThinking,
  type NewSegment,
  OUTCOMES,
  type RunCalls,
  runCalls,
  segmentsOf,
  segmentsSince,
  SOCKET_VERSION,
  TASK_LIFE,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';

/** The task that a frame is about. */
export type FollowedTask = { id: string; token: string };
type Position = { seq: number; epoch: number };
export type OutputEvent = Extract<TaskEvent, { type: 'task_output' }>;
export type PlainEvent = Exclude<TaskEvent, OutputEvent>;

export const CONNECTED_FRAME = Buffer.from(
  JSON.stringify({ type: 'connected', version: SOCKET_VERSION }),
);

/** A refusal. `tasktoken`: the refused token, if it is well-formed. */
export function errorFrame(message: string, tasktoken?: string): Buffer {
  return Buffer.from(JSON.stringify({ type: 'error', message, result: false, tasktoken }));
}

/** The frame of any event except output. `isExtended` adds seq and epoch. */
export function renderEvent(task: FollowedTask, event: PlainEvent, isExtended: boolean): Buffer {
  return frame(task, event.type, messageOf(event), isExtended ? event : null, exitCodeOf(event));
}

/** An extended frame with `prev`, which differs between subscriptions. */
export function withPrevious(extended: Buffer, prev: number): Buffer {
  return Buffer.concat([extended.subarray(0, -1), Buffer.from(`,"prev":${prev}}`)]);
}

/** A cumulative frame: `raw` is the whole answer so far, `event` its newest piece. */
export function renderProgress(
  task: FollowedTask,
  event: OutputEvent,
  raw: string,
  isExtended: boolean,
): Buffer {
  const { tokens, elapsedMs, calls, end } = event.payload;
  const message = {
    type: 'progressGenerate',
    task: 'Generate',
    ...answerContent(raw, end ?? null, runCalls(calls, task.id)),
    isThinking: isThinking(raw, calls ?? null),
    speed: speedOf(tokens, elapsedMs),
    speedType: 't/s',
    elapsedTime: formatElapsed(elapsedMs),
  };
  return frame(task, 'task_output', message, isExtended ? event : null);
}

/**
 * A delta frame of one or several consecutive outputs, with the seq of the last one. `before` is the answer
 * before them, which only a run with tools needs.
 */
export function renderDelta(
  task: FollowedTask,
  text: { before: string; raw: string },
  last: OutputEvent,
): Buffer {
  const { raw } = text;
  const { end } = last.payload;
  const calls = runCalls(last.payload.calls, task.id);
  const segments = calls === null ? undefined : newSegments(text, end, calls);
  return frame(task, 'task_output', { type: 'delta', raw, segments, ...end }, last);
}

function newSegments(
  { before, raw }: { before: string; raw: string },
  end: AnswerEnd | undefined,
  calls: RunCalls,
): NewSegment[] {
  const after = segmentsOf(before + raw, end?.finishreason ?? null, calls);
  return segmentsSince(segmentsOf(before, null, calls), after);
}

/** Tokens per second with one decimal. */
function speedOf(tokens: number, elapsedMs: number): string {
  return (elapsedMs > 0 ? (tokens * 1_000) / elapsedMs : 0).toFixed(1);
}

function messageOf(event: PlainEvent): unknown {
  if (isPlainStatus(event)) return null;
  switch (event.type) {
    case 'task_output_full':
      return fullAnswer(event);
    case 'task_error':
      return event.payload.raw;
    case 'task_error_full':
      return { raw: event.payload.raw };
    case 'task_postprocess_end':
      return event.payload.outputs;
    case 'task_cost':
      return event.payload;
  }
}

function fullAnswer({ taskId, payload }: Extract<TaskEvent, { type: 'task_output_full' }>) {
  return answerContent(payload.raw, payload.end ?? null, runCalls(payload.calls, taskId));
}

type PlainStatus = Exclude<TaskStatus, 'task_postprocess_end'>;

/** Every status but the last enters with no message. */
function isPlainStatus(event: PlainEvent): event is Extract<PlainEvent, { type: PlainStatus }> {
  return event.type in TASK_LIFE && event.type !== 'task_postprocess_end';
}

/** Null while the task goes on. */
function exitCodeOf(event: PlainEvent): number | null {
  if (event.type === 'task_cancel') return OUTCOMES.cancelled.exitCode;
  if (event.type !== 'task_postprocess_end') return null;
  const { outputs, pexit } = event.payload;
  return Number(pexit ?? OUTCOMES[outputs.length > 0 ? 'succeeded' : 'failed'].pexit);
}

function frame(
  task: FollowedTask,
  type: TaskEvent['type'],
  message: unknown,
  position: Position | null,
  exitCode: number | null = null,
): Buffer {
  const { id, token: tasktoken } = task;
  // JSON omits undefined fields. One literal: copying it to add fields costs four times as much.
  const { seq, epoch } = position ?? {};
  const terminal = exitCode !== null;
  const success = terminal ? exitCode === OUTCOMES.succeeded.exitCode : null;
  return Buffer.from(
    JSON.stringify({
      type,
      id,
      tasktoken,
      message,
      result: true,
      success,
      terminal,
      exitCode,
      seq,
      epoch,
    }),
  );
}
