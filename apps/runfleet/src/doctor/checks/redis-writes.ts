import { requireRedis } from '@runfleet/redis';
import { NotReadyError } from '@runfleet/service';

import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askRedis } from './ask-redis.ts';

/** Whether Redis takes writes: a replica, a node of a cluster and a full one answer pings all the same. */
export function checkRedisWrites(ctx: CheckContext): Promise<Finding> {
  return askRedis(ctx, async (redis) => {
    try {
      await requireRedis(redis);
      return ok('takes writes');
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      return problem(error.found, error.next);
    }
  });
}
