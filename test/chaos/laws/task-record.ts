import type { Outcome, Pico, TaskEvent, TaskStatus } from '@runfleet/protocol';

/** All that Postgres knows of one task. */
export type TaskRecord = {
  id: string;
  organisationId: string;
  /** The `user_id` of its Run. */
  name: string;
  token: string;
  status: TaskStatus;
  epoch: number;
  seq: number;
  outcome: Outcome | null;
  finishReason: string | null;
  output: string;
  held: Pico;
  totalCost: Pico;
  isInSlot: boolean;
  /** In ms since 1970. */
  endedAt: number | null;
  events: readonly LoggedEvent[];
  transfers: readonly TaskTransfer[];
};

export type LoggedEvent = Pick<TaskEvent, 'seq' | 'epoch' | 'type'> & {
  /** What it says, where it is about text. */
  text: string | null;
};

/** `kind` is the last part of its business key. */
export type TaskTransfer = { kind: string; amount: Pico };
