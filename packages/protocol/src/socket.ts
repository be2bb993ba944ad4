/** The socket's frames (`GET /v1` upgrade). Upstream is from the client, downstream from us. */
import { z } from 'zod';

import type { TaskCost, TaskEventType } from './task-event.ts';

export const SOCKET_VERSION = '1.0';

export const taskInfoSchema = z.object({
  type: z.literal('task_info'),
  tasktoken: z.string(),
  mode: z.enum(['cumulative', 'delta']).optional(),
  /** Resume after this event; 0 = from the start. */
  after: z.number().int().min(0).optional(),
  billing: z.boolean().optional(),
});

export type TaskInfo = z.infer<typeof taskInfoSchema>;

/** A cumulative frame of an answer: each replaces the last. */
export type ProgressMessage = {
  type: 'progressGenerate';
  task: 'Generate';
  raw: string;
  thinking: string[];
  answer: string[];
  isThinking: boolean;
  speed: string;
  speedType: 't/s';
  elapsedTime: string;
};

/** Only what is new, for clients that asked for `mode: "delta"`. */
export type DeltaMessage = { type: 'delta'; raw: string };

export type FullOutputMessage = { raw: string; thinking: string[]; answer: string[] };

export type TaskFrame = {
  type: TaskEventType;
  id: string;
  tasktoken: string;
  message:
    | null
    /** What `task_error` carries. */
    | string
    | ProgressMessage
    | DeltaMessage
    | FullOutputMessage
    | { raw: string }
    | readonly unknown[]
    | TaskCost;
  result: true;
  seq?: number;
  epoch?: number;
};

/** The text that a frame carries as its `raw`, of output or of an error; null where it carries none. */
export function rawOf({ message }: Pick<TaskFrame, 'message'>): string | null {
  return typeof message === 'object' && message !== null && 'raw' in message ? message.raw : null;
}

export type Downstream =
  | { type: 'connected'; version: string }
  /** `tasktoken`: the token that it is about, where that is one. */
  | { type: 'error'; message: string; result: false; tasktoken?: string }
  | TaskFrame;

/** `3s` below a minute, `1m 5s` from there on. */
export function formatElapsed(elapsedMs: number): string {
  const seconds = Math.floor(elapsedMs / 1000);
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m ${seconds % 60}s`;
}

/** Splits an answer on `<think>...</think>` as the wire's thinking/answer pair lists do. */
export function splitThinking(raw: string): {
  thinking: string[];
  answer: string[];
  isThinking: boolean;
} {
  const thinking: string[] = [];
  const answer: string[] = [];
  let rest = raw;
  for (;;) {
    const open = rest.indexOf('<think>');
    if (open < 0) break;
    const before = rest.slice(0, open).trim();
    if (before !== '') answer.push(before);
    const close = rest.indexOf('</think>', open);
    if (close < 0) {
      thinking.push(rest.slice(open + '<think>'.length).trim());
      return { thinking, answer, isThinking: true };
    }
    thinking.push(rest.slice(open + '<think>'.length, close).trim());
    rest = rest.slice(close + '</think>'.length);
  }
  if (thinking.length === 0) answer.push(rest);
  else if (rest.trim() !== '') answer.push(rest.trim());
  return { thinking, answer, isThinking: false };
}
