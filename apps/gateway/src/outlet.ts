import type { TaskEvent } from '@runfleet/protocol';

/** Where a subscription's frames go: a socket or an event stream. */
export type Outlet = {
  /** When false, the outlet pumps its subscriptions again once there is room. */
  hasRoomFor(kind: 'output' | 'event'): boolean;
  send(frame: Buffer, type: TaskEvent['type'], seq: number): void;
};

/** How a client wants a task told. */
export type Wish = {
  mode: 'cumulative' | 'delta';
  after: number;
  billing: boolean;
  /** Frames carry seq and epoch. */
  isExtended: boolean;
};
