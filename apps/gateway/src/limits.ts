/** What one gateway lends to its clients. Tests tighten it. */
export type Limits = {
  /** Bytes waiting for one client from which on its output is held back and coalesced. */
  outputBytesMax: number;
  /** Bytes waiting for one client from which on nothing more is given to it. */
  connectionBytesMax: number;
  /** Bytes waiting for all clients together; beyond it the slowest are closed. */
  bytesMax: number;
  /** Bytes of this process's heap and buffers from which on no connection and no task is added. */
  memoryBytesMax: number;
  /** A client that holds `outputBytesMax` and takes nothing for this long is closed. */
  stallMs: number;
  /** Cumulative output frames of a task are at least this far apart. */
  outputIntervalMs: number;
  /** A silent client is closed after `missedPongsMax + 1` of these. */
  pingIntervalMs: number;
  missedPongsMax: number;
  /** A socket that has named no task by then is closed. */
  registerMs: number;
  /** How often connections are looked after. */
  sweepMs: number;
  /** How long a closed connection may take to go, and a stop for all of them. */
  closeMs: number;
  /** Tasks that one socket follows at once; those that have ended do not count. */
  tokensPerConnectionMax: number;
  lookupsPerConnectionMax: number;
  /** Requests on one connection that are not answered yet; pipelined ones beyond it cut the connection. */
  requestsPerConnectionMax: number;
  messageBytesMax: number;
  fragmentsPerMessageMax: number;
  /** Frames that a client may send at once, and then per second; beyond it they wait in the network. */
  framesBurst: number;
  framesPerSecond: number;
  /** Tokens that stand for no task, per minute: of one socket, and of all clients of one address. */
  badTokensPerConnection: number;
  badTokensPerAddress: number;
  connectionsMax: number;
  connectionsPerAddressMax: number;
  /** New sockets and event streams of one address, per minute. */
  opensPerAddress: number;
  /** Requests of one address that open nothing, per minute; health does not count. */
  requestsPerAddress: number;
};

export const LIMITS: Limits = {
  outputBytesMax: 256 * 1024,
  connectionBytesMax: 1024 * 1024,
  bytesMax: 256 * 1024 * 1024,
  memoryBytesMax: 1024 * 1024 * 1024,
  stallMs: 10_000,
  outputIntervalMs: 200,
  pingIntervalMs: 15_000,
  missedPongsMax: 2,
  registerMs: 10_000,
  sweepMs: 1_000,
  closeMs: 5_000,
  tokensPerConnectionMax: 256,
  lookupsPerConnectionMax: 32,
  requestsPerConnectionMax: 8,
  messageBytesMax: 64 * 1024,
  fragmentsPerMessageMax: 64,
  framesBurst: 512,
  framesPerSecond: 64,
  badTokensPerConnection: 20,
  badTokensPerAddress: 120,
  connectionsMax: 20_000,
  connectionsPerAddressMax: 1_000,
  opensPerAddress: 1_200,
  requestsPerAddress: 1_200,
};
