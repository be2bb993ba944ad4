import type { MemoryDatabase, Transaction } from '@runfleet/tasks/memory';

import type { Counts } from './counts.ts';
import type { Random } from './kernel/random.ts';
import type { VirtualTime } from './kernel/virtual-time.ts';
import type { History, Trace } from './laws/history.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Profile } from './profile.ts';
import type { Server } from './servers/server.ts';
import type { SimRedis } from './servers/sim-redis.ts';

/** Everything that one simulated life is made of. */
export type World = {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly profile: Profile;
  readonly database: MemoryDatabase;
  /** How far the database's clock is off. */
  readonly databaseClock: { offsetMs: number };
  readonly postgres: Server;
  readonly redis: SimRedis;
  readonly history: History;
  readonly counts: Counts;
  /** The mistake that this life is to show, or none. */
  readonly bug: PlantedBug | null;
  /** Whether faults are over: from here on everything must come to rest. */
  isHealed: boolean;
  /** Told of each transaction; null where nobody repeats this life. */
  readonly note: ((transaction: Transaction) => void) | null;
  /** Says what happened, for whoever watches a life. */
  readonly trace: Trace;
};
