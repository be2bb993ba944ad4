import type { ChatLimits } from '@runfleet/catalog';
import type { TaskQueue } from '@runfleet/queue';
import type { Logger } from '@runfleet/service';
import type { RunReader, StoredHistory, TaskStore, TaskToRun } from '@runfleet/tasks';

import type { WorkerMetrics } from './metrics.ts';
import type { ModelHost } from './models/model-host.ts';

/** The dependencies of a run and its stages. */
export type WorkerContext = {
  readonly workerId: string;
  readonly store: TaskStore;
  readonly readRun: RunReader;
  /** The turns before a task of a conversation. */
  readonly readHistory: (task: TaskToRun) => Promise<StoredHistory>;
  readonly queue: TaskQueue;
  readonly models: ModelHost;
  readonly limits: ChatLimits;
  /** The most tokens of earlier turns that a turn reads. */
  readonly historyTokensMax: number;
  readonly logger: Logger;
  readonly metrics: WorkerMetrics;
};
