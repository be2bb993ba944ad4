import type { Db } from '@runfleet/db';
import type { Engine } from '@runfleet/engine';
import type { ChatLimits } from '@runfleet/models';
import type { TaskQueue } from '@runfleet/queue';
import type { Logger } from '@runfleet/service';
import type { TaskStore } from '@runfleet/tasks';

import type { WorkerMetrics } from './metrics.ts';

/** What the stages of a run may reach. */
export type WorkerContext = {
  readonly workerId: string;
  readonly pool: string;
  readonly db: Db;
  readonly store: TaskStore;
  readonly queue: TaskQueue;
  readonly engine: Engine;
  readonly limits: ChatLimits;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
};
