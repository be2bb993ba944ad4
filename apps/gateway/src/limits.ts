/** What one gateway lends to its clients. Tests tighten it. */
export type Limits = {
  /** Bytes waiting for one client from which on its output is held back and coalesced. */
  outputBytesMax: number;
  /** Bytes waiting for one client from which on nothing more is given to it. */
  connectionBytesMax: number;
  /** Bytes waiting for all clients together; beyond it the slowest are closed. */
  bytesMax: number;
  /** A client that holds `outputBytesMax` and takes nothing for this long is closed. */
  stallMs: number;
  /** Cumulative output frames of a task are at least this far apart. */
  outputIntervalMs: number;
  pingIntervalMs: number;
  missedPongsMax: number;
  /** How often connections are looked after. */
  sweepMs: number;
  /** How long a closed connection may take to go, and a stop for all of them. */
  closeMs: number;
  tokensPerConnectionMax: number;
  lookupsPerConnectionMax: number;
  messageBytesMax: number;
  connectionsMax: number;
};

export const LIMITS: Limits = {
  outputBytesMax: 256 * 1024,
  connectionBytesMax: 1024 * 1024,
  bytesMax: 256 * 1024 * 1024,
  stallMs: 10_000,
  outputIntervalMs: 200,
  pingIntervalMs: 25_000,
  missedPongsMax: 2,
  sweepMs: 1_000,
  closeMs: 5_000,
  tokensPerConnectionMax: 256,
  lookupsPerConnectionMax: 32,
  messageBytesMax: 64 * 1024,
  connectionsMax: 20_000,
};
