import type { Db } from '@runfleet/db';
import type { TaskQueue, TicketTransport } from '@runfleet/queue';
import type { Logger } from '@runfleet/service';
import type { PoolReads, TaskStore } from '@runfleet/tasks';

import type { BrokerMetrics } from './metrics.ts';

/** The dependencies of a broker's parts. */
export type BrokerContext = {
  /** Identifies this broker in leases. */
  readonly brokerId: string;
  readonly db: Db;
  readonly store: TaskStore;
  readonly reads: PoolReads;
  readonly queue: TaskQueue;
  readonly tickets: TicketTransport;
  readonly logger: Logger;
  readonly metrics: BrokerMetrics;
  /** A monotonic clock in milliseconds, with an arbitrary origin. */
  now(): number;
};
