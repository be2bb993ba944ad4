import type { TaskEvent } from '@runfleet/protocol';

/** Where a subscription's frames go: a socket or an event stream. */
export type Sink = {
  /** After false, the sink pumps its subscriptions again once it has room. */
  hasRoomFor(kind: 'output' | 'event'): boolean;
  send(frame: Buffer, type: TaskEvent['type'], seq: number): void;
};
