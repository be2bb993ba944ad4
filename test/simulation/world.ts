import type { MemoryDatabase, Transaction } from '@runfleet/tasks/memory';

import type { Counts } from './counts.ts';
import type { Random } from './kernel/random.ts';
import type { VirtualTime } from './kernel/virtual-time.ts';
import type { History } from './laws/history.ts';
import type { Trace } from './laws/trace.ts';
import type { PlantedBug } from './planted-bugs.ts';
import type { Profile } from './profile.ts';
import type { Server } from './servers/server.ts';
import type { SimRedis } from './servers/sim-redis.ts';

/** Everything that one simulated life consists of. */
export type World = {
  readonly random: Random;
  readonly time: VirtualTime;
  readonly profile: Profile;
  readonly database: MemoryDatabase;
  /** The error of the database's clock. */
  readonly databaseClock: { offsetMs: number };
  readonly postgres: Server;
  readonly redis: SimRedis;
  readonly history: History;
  readonly counts: Counts;
  /** The bug that this life contains, or null. */
  readonly bug: PlantedBug | null;
  /** Whether all faults are undone, after which every task must end. */
  isHealed: boolean;
  /** Records each transaction; null if the life is not recorded. */
  readonly note: ((transaction: Transaction) => void) | null;
  readonly trace: Trace;
};
