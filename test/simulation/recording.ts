import type { Micros } from '@runfleet/protocol';
import type { MemoryDatabase, Transaction } from '@runfleet/tasks/memory';

import type { RedisStep } from './servers/redis-operation.ts';

/** All that happened to the servers of one life, so that it can be repeated on real ones. */
export type Recording = {
  readonly transactions: {
    readonly now: Micros;
    readonly pulse: number;
    readonly transaction: Transaction;
  }[];
  readonly redisSteps: RedisStep[];
  /** The tables as they were at the end. */
  database: MemoryDatabase | null;
};

export const newRecording = (): Recording => ({
  transactions: [],
  redisSteps: [],
  database: null,
});
