import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askRedis, infoField } from './ask-redis.ts';

/** Checks that Redis does not evict keys, which would lose queued work, when it is short of memory. */
export function checkRedisPolicy(ctx: CheckContext): Promise<Finding> {
  return askRedis(ctx, async (redis) => {
    const policy = infoField(await redis.info('memory'), 'maxmemory_policy') ?? 'unknown';
    return policy === 'noeviction'
      ? ok('maxmemory-policy noeviction')
      : problem(
          `maxmemory-policy is ${policy}: Redis may evict queued work`,
          'Run: redis-cli config set maxmemory-policy noeviction, and add it to redis.conf.',
        );
  });
}
