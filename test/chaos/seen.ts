/** What clients saw, noted while it happened: what the laws hold against Postgres. */
import type { TaskEventType, TaskStatus } from '@runfleet/protocol';

export type Seen = {
  runs: SeenRun[];
  copies: SeenCopy[];
  /** Kills and Cancels that were confirmed, with the status that the answer showed. */
  kills: { taskId: string; status: TaskStatus }[];
};

/** What a Run requires of its worker: that it repeats the prompt, that it computes, or nothing. */
export type WantedEngine = 'echo' | 'tiny' | 'any';

/** A Run that a client asked for, once or again and again under one key. */
export type SeenRun = {
  /** Sent as `user_id`, by which its tasks are found in Postgres. */
  name: string;
  organisationId: string;
  /** The Idempotency-Key; null where it was sent once and without one. */
  key: string | null;
  engine: WantedEngine;
  prompt: string;
  /** One per answer that named a task. */
  answers: { taskId: string; token: string }[];
  /** Why the API said no, where it did. */
  refusals: { status: number; code: number; message: string }[];
  /** Tries that got no answer. */
  unanswered: number;
};

/** What somebody who follows a task was sent, over all connections, each of which resumed the last. */
export type SeenCopy = {
  taskId: string;
  mode: 'cumulative' | 'delta';
  frames: SeenFrame[];
  /** It was told that the task has ended. Else it left before. */
  isWhole: boolean;
  /** What went wrong, in words; null where nothing did. */
  failure: string | null;
};

export type SeenFrame = {
  seq: number;
  epoch: number;
  type: TaskEventType;
  /** Of outputs: what is new, or all so far, as the mode says. */
  text: string | null;
};
