import type { Logger, RateLimiter } from '@runfleet/service';

import type { Connections } from './connections.ts';
import type { TaskIdReader } from './find-task.ts';
import type { Limits } from './limits.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { ProjectAccess } from './project-access.ts';
import type { TaskFeeds } from './task-feeds.ts';

/** What a connection needs from the gateway. */
export type GatewayContext = {
  readonly readTaskId: TaskIdReader;
  readonly feeds: TaskFeeds;
  readonly projects: ProjectAccess;
  readonly connections: Connections;
  /** Unknown tokens, by address. */
  readonly badTokens: RateLimiter;
  /** Requests that open no connection, by address. */
  readonly requests: RateLimiter;
  readonly limits: Limits;
  readonly metrics: GatewayMetrics;
  readonly logger: Logger;
};
