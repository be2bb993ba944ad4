import type { Micros } from '@runfleet/protocol';
import type { MemoryDatabase, Transaction } from '@runfleet/tasks/memory';

import type { RedisStep } from './servers/redis-operation.ts';

/** Everything that the servers of one life did, to be repeated on real ones. */
export type Recording = {
  readonly transactions: {
    readonly now: Micros;
    readonly pulse: number;
    readonly transaction: Transaction;
  }[];
  readonly redisSteps: RedisStep[];
  /** The tables at the end of the life. */
  database: MemoryDatabase | null;
};

export const newRecording = (): Recording => ({
  transactions: [],
  redisSteps: [],
  database: null,
});
