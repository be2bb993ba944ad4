import { requireRedis } from '@runfleet/redis';
import { NotReadyError } from '@runfleet/service';

import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askRedis } from './ask-redis.ts';

/** Checks that Redis accepts writes: a replica, a cluster node and a full Redis answer only pings. */
export function checkRedisWrites(ctx: CheckContext): Promise<Finding> {
  return askRedis(ctx, async (redis) => {
    try {
      await requireRedis(redis);
      return ok('accepts writes');
    } catch (error) {
      if (!(error instanceof NotReadyError)) throw error;
      return problem(error.found, error.next);
    }
  });
}
