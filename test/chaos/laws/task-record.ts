import type { Outcome, Pico, TaskEvent, TaskStatus } from '@runfleet/protocol';

/** One task as stored in Postgres. */
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
  /** The text of an output event, else null. */
  text: string | null;
};

/** `kind` is the last part of the transfer's business key. */
export type TaskTransfer = { kind: string; amount: Pico };
