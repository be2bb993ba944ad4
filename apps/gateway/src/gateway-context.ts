import type { Logger } from '@runfleet/service';

import type { TaskIdReader } from './find-task.ts';
import type { Limits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { TaskFeeds } from './task-feeds.ts';

/** What a connection needs of its gateway. */
export type GatewayContext = {
  readonly readTaskId: TaskIdReader;
  readonly feeds: TaskFeeds;
  readonly limits: Limits;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
};
