import type { RedisData } from './redis-data.ts';

/** What changes the data, or takes something out of it. */
export type RedisVerb =
  | 'insert'
  | 'pick'
  | 'putBack'
  | 'release'
  | 'withdraw'
  | 'restoreRunning'
  | 'writeMark'
  | 'clear'
  | 'putTickets'
  | 'dropTicket'
  | 'dropInbox';

/** A call of a verb, to be made here or, for comparison, of a real Redis. */
export type RedisOperation = {
  [V in RedisVerb]: { verb: V; args: Parameters<RedisData[V]> };
}[RedisVerb];

/** What happened to a Redis: an operation with its answer, or a loss of data. */
export type RedisStep =
  | { do: 'operation'; operation: RedisOperation; answer: unknown }
  | { do: 'wipe' }
  | { do: 'restore'; operations: readonly RedisOperation[] };
