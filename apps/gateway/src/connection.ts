/** Why the gateway ends a connection. */
export type EndReason =
  | 'slow'
  | 'stopping'
  | 'unavailable'
  | 'dead'
  /** It named no task in time. */
  | 'unregistered'
  /** It sent too many unknown tokens. */
  | 'guessing'
  /** The key that opened it was revoked. */
  | 'unauthorized';

/** What `Connections` needs of a client's connection. */
export type Connection = {
  readonly kind: 'socket' | 'stream';
  /** The client's address group, by which limits count. */
  readonly address: string;
  /** Bytes sent to it that the network has not accepted yet. */
  readonly bufferedBytes: number;
  /** Runs at every sweep: pings the client, and ends the connection if it is dead or stalled. */
  check(nowMs: number): void;
  /** Closes it and sends the position to resume from. */
  end(reason: EndReason): void;
  /** Closes it immediately. */
  destroy(): void;
};
