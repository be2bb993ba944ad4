/** Why the gateway ends a connection. */
export type EndReason =
  | 'slow'
  | 'stopping'
  | 'unavailable'
  | 'dead'
  /** It has named no task in time. */
  | 'unregistered'
  /** It has shown too many tokens that stand for no task. */
  | 'guessing'
  /** The project that it was opened for may no longer see the task. */
  | 'unauthorized';

/** A client's connection as those see it who look after all of them. */
export type Connection = {
  readonly kind: 'socket' | 'stream';
  /** Whose it is, as limits per address count. */
  readonly address: string;
  /** Bytes given to it that the network has not taken yet. */
  readonly bufferedBytes: number;
  /** Called at every sweep: keeps it alive, and ends it where it is dead or stalled. */
  lookAfter(nowMs: number): void;
  /** Closes it and names the place to resume from. */
  end(reason: EndReason): void;
  /** Closes it at once. */
  destroy(): void;
};
