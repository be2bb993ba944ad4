/** The state of one run, computed from its frames. */
import { type Segment, segmentsAfter } from '@runfleet/client';
import {
  INITIAL_STATUS,
  isTerminal,
  type Receipt,
  TASK_LIFE,
  type TaskFrame,
  type TaskStatus,
} from '@runfleet/protocol';

export type RunState = {
  status: TaskStatus | null;
  seq: number;
  /** The text so far of the latest attempt. */
  text: string;
  /** The same by kind, with the calls of tools. In a run without tools, empty until its end. */
  segments: readonly Segment[];
  /** Whether its text can contain calls. Frames of other runs have no segments until the end. */
  hasTools: boolean;
  /** Lines from the model's error stream. They do not mean that the run has failed. */
  errorText: string;
  /** The amount held for the run, with 12 decimals; null until a frame carries it. */
  held: string | null;
  receipt: Receipt | null;
  requeues: number;
  /** When the first and the latest output arrived, by the page's clock in milliseconds. */
  outputFrom: number | null;
  outputUntil: number | null;
};

export const NO_RUN: RunState = {
  status: null,
  seq: 0,
  text: '',
  segments: [],
  hasTools: false,
  errorText: '',
  held: null,
  receipt: null,
  requeues: 0,
  outputFrom: null,
  outputUntil: null,
};

/** `state` after `frames`, which arrived at `atMs`. Repeated frames change nothing. */
export function applyFrames(state: RunState, frames: readonly TaskFrame[], atMs: number): RunState {
  return frames.reduce((before, frame) => applyFrame(before, frame, atMs), state);
}

function applyFrame(before: RunState, frame: TaskFrame, atMs: number): RunState {
  const seq = frame.seq ?? before.seq;
  if (frame.seq !== undefined && frame.seq <= before.seq) return before;
  const state = { ...before, seq };
  if (isStatusFrame(frame)) {
    // Back in the queue: the next attempt writes the whole answer again.
    if (frame.type === INITIAL_STATUS && state.status !== null) {
      return { ...NO_RUN, seq, held: state.held, status: frame.type, requeues: state.requeues + 1 };
    }
    return { ...state, status: frame.type };
  }
  switch (frame.type) {
    case 'task_output': {
      const { raw } = frame.message;
      const isDelta = frame.message.type === 'delta';
      return {
        ...state,
        text: isDelta ? state.text + raw : raw,
        segments: segmentsAfter(state.segments, frame),
        hasTools: state.hasTools || (isDelta && frame.message.segments !== undefined),
        outputFrom: state.outputFrom ?? atMs,
        outputUntil: atMs,
      };
    }
    case 'task_output_full':
      return { ...state, text: frame.message.raw, segments: segmentsAfter([], frame) };
    case 'task_error':
      return { ...state, errorText: state.errorText + frame.message };
    case 'task_error_full':
      return { ...state, errorText: frame.message.raw };
    case 'task_cost': {
      const { held, receipt } = frame.message;
      return { ...state, held, receipt: receipt ?? state.receipt };
    }
  }
}

/** Whether the run has ended. */
export function isOver(state: RunState): boolean {
  return state.status !== null && isTerminal(state.status);
}

type StatusFrame = Extract<TaskFrame, { type: TaskStatus }>;

function isStatusFrame(frame: TaskFrame): frame is StatusFrame {
  return frame.type in TASK_LIFE;
}
