/** What the frames of one task have told so far. Pure: frames in, state out. */
import {
  INITIAL_STATUS,
  isTerminal,
  type Receipt,
  type TaskFrame,
  TASK_STATUSES,
} from '@runfleet/protocol';
import type { TaskStatus } from '@runfleet/protocol';

export type RunState = {
  status: TaskStatus | null;
  seq: number;
  /** The answer so far, of the newest attempt. */
  text: string;
  /** Lines from the model's error stream; not a failure by themselves. */
  errorText: string;
  /** What is set aside for the run, 12 decimals; null until told. */
  held: string | null;
  receipt: Receipt | null;
  requeues: number;
  /** When the first and the newest output arrived, in the page's milliseconds. */
  outputFrom: number | null;
  outputUntil: number | null;
};

export const NO_RUN: RunState = {
  status: null,
  seq: 0,
  text: '',
  errorText: '',
  held: null,
  receipt: null,
  requeues: 0,
  outputFrom: null,
  outputUntil: null,
};

/** `state` after `frames`, which arrived at `atMs`. Frames that were seen before change nothing. */
export function applyFrames(state: RunState, frames: readonly TaskFrame[], atMs: number): RunState {
  return frames.reduce((before, frame) => applyFrame(before, frame, atMs), state);
}

function applyFrame(before: RunState, frame: TaskFrame, atMs: number): RunState {
  const seq = frame.seq ?? before.seq;
  if (frame.seq !== undefined && frame.seq <= before.seq) return before;
  const state = { ...before, seq };
  const { type, message } = frame;

  if (isStatus(type)) {
    // Back in the queue: the next attempt writes the whole answer again.
    if (type === INITIAL_STATUS && state.status !== null) {
      return { ...NO_RUN, seq, held: state.held, status: type, requeues: state.requeues + 1 };
    }
    return { ...state, status: type };
  }
  switch (type) {
    case 'task_output': {
      const raw = rawOf(message);
      const isDelta = hasType(message, 'delta');
      return {
        ...state,
        text: isDelta ? state.text + raw : raw,
        outputFrom: state.outputFrom ?? atMs,
        outputUntil: atMs,
      };
    }
    case 'task_output_full':
      return { ...state, text: rawOf(message) };
    case 'task_error':
      return { ...state, errorText: state.errorText + rawOf(message) };
    case 'task_error_full':
      return { ...state, errorText: rawOf(message) };
    case 'task_cost': {
      if (!isCost(message)) return state;
      return { ...state, held: message.held, receipt: message.receipt ?? state.receipt };
    }
    default:
      return state;
  }
}

/** Whether nothing more will come. */
export function isOver(state: RunState): boolean {
  return state.status !== null && isTerminal(state.status);
}

function isStatus(type: TaskFrame['type']): type is TaskStatus {
  return (TASK_STATUSES as readonly string[]).includes(type);
}

function rawOf(message: unknown): string {
  if (typeof message === 'string') return message;
  const raw = (message as { raw?: unknown } | null)?.raw;
  return typeof raw === 'string' ? raw : '';
}

function hasType(message: unknown, type: string): boolean {
  return (message as { type?: unknown } | null)?.type === type;
}

function isCost(message: unknown): message is { held: string; receipt?: Receipt } {
  return typeof (message as { held?: unknown } | null)?.held === 'string';
}
