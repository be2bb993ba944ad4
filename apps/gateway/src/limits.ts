/** What one gateway spends on its clients. Tests tighten it. */
export type Limits = {
  /** With this many bytes buffered for one client, its output is held back and coalesced. */
  outputBytesMax: number;
  /** With this many bytes buffered for one client, it is sent nothing more. */
  connectionBytesMax: number;
  /** Bytes buffered for all clients together; beyond it the slowest are closed. */
  bytesMax: number;
  /** Bytes of this process's heap and buffers above which no connection and no task is added. */
  memoryBytesMax: number;
  /** A client with `outputBytesMax` buffered that reads nothing for this long is closed. */
  stallMs: number;
  /** Cumulative output frames of a task are at least this far apart. */
  outputIntervalMs: number;
  /** A client that answers no ping is closed after `missedPongsMax + 1` intervals. */
  pingIntervalMs: number;
  missedPongsMax: number;
  /** A socket that names no task within this time is closed. */
  registerMs: number;
  /** Time between sweeps over all connections. */
  sweepMs: number;
  /** How long a closing handshake may take, and a stop for all connections. */
  closeMs: number;
  /** Tasks that one socket follows at once; ended tasks do not count. */
  tokensPerConnectionMax: number;
  lookupsPerConnectionMax: number;
  /** Unanswered requests on one connection; a pipelined one beyond it cuts the connection. */
  requestsPerConnectionMax: number;
  messageBytesMax: number;
  fragmentsPerMessageMax: number;
  /** Frames that a client may send at once, and then per second; further ones are not read until then. */
  framesBurst: number;
  framesPerSecond: number;
  /** Unknown tokens per minute: from one socket, and from all clients of one address. */
  badTokensPerConnection: number;
  badTokensPerAddress: number;
  connectionsMax: number;
  connectionsPerAddressMax: number;
  /** New sockets and event streams from one address, per minute. */
  opensPerAddress: number;
  /** Requests from one address that open no connection, per minute; `/healthz` does not count. */
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
