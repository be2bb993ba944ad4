/** Why the gateway ends a connection. */
export type EndReason = 'slow' | 'stopping' | 'unavailable' | 'dead';

/** A client's connection as those see it who look after all of them. */
export type Connection = {
  readonly kind: 'socket' | 'stream';
  /** Bytes given to it that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Called at every sweep: keeps it alive, and ends it where it is dead or stalled. */
  lookAfter(nowMs: number): void;
  /** Says goodbye, with the place to resume from. */
  end(reason: EndReason): void;
  /** Goes at once. */
  destroy(): void;
};
