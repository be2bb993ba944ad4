/** What clients observed during the run; the laws compare it with Postgres. */
import type { TaskEventType, TaskStatus } from '@runfleet/protocol';

export type Observations = {
  runs: ObservedRun[];
  copies: ObservedCopy[];
  /** Confirmed Kills and Cancels, with the status in the answer. */
  kills: { taskId: string; status: TaskStatus }[];
};

/** The engine label that a Run requires of its worker, if any. */
export type WantedEngine = 'echo' | 'tiny' | 'any';

/** A Run that a client sent, once or repeatedly with one key. */
export type ObservedRun = {
  /** Sent as `user_id`, to find its tasks in Postgres. */
  name: string;
  organisationId: string;
  /** The Idempotency-Key; null if it was sent once, without one. */
  key: string | null;
  engine: WantedEngine;
  prompt: string;
  /** One per answer that named a task. */
  answers: { taskId: string; token: string }[];
  /** Errors that the API answered with. */
  refusals: { status: number; code: number; message: string }[];
  /** Tries that got no answer. */
  unanswered: number;
};

/** The frames that a follower received, over all of its connections; each resumed the previous one. */
export type ObservedCopy = {
  taskId: string;
  mode: 'cumulative' | 'delta';
  frames: ObservedFrame[];
  /** It received the end of the task. False if it disconnected before. */
  isWhole: boolean;
  /** What went wrong; null if nothing did. */
  failure: string | null;
};

export type ObservedFrame = {
  seq: number;
  epoch: number;
  type: TaskEventType;
  /** Of an output: the new text in delta mode, all text so far in cumulative mode. */
  text: string | null;
};
