import type { Db } from '@runfleet/db';
import type { TaskQueue, TicketTransport } from '@runfleet/queue';
import type { Logger } from '@runfleet/service';
import type { PoolReads, TaskStore } from '@runfleet/tasks';

import type { BrokerMetrics } from './metrics.ts';

/** What the parts of a broker may reach. */
export type BrokerContext = {
  /** Names this broker in leases. */
  readonly brokerId: string;
  readonly db: Db;
  readonly store: TaskStore;
  readonly reads: PoolReads;
  readonly queue: TaskQueue;
  readonly tickets: TicketTransport;
  readonly logger: Logger;
  readonly metrics: BrokerMetrics;
  /** Milliseconds that only go forward, from no particular moment. */
  now(): number;
};
