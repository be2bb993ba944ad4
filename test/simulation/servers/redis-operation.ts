import type { RedisData } from './redis-data.ts';

/** The verbs that change the data. */
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

/** A call of a verb, for the simulated Redis or, to compare, for a real one. */
export type RedisOperation = {
  [V in RedisVerb]: { verb: V; args: Parameters<RedisData[V]> };
}[RedisVerb];

/** What happened to a Redis: an operation with its answer, or a loss of data. */
export type RedisStep =
  | { do: 'operation'; operation: RedisOperation; answer: unknown }
  | { do: 'wipe' }
  | { do: 'restore'; operations: readonly RedisOperation[] };
