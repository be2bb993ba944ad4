import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askRedis, infoField } from './ask-redis.ts';

/** Whether Redis may throw away keys when it is short of memory, and with them places in the queue. */
export function checkRedisPolicy(ctx: CheckContext): Promise<Finding> {
  return askRedis(ctx, async (redis) => {
    const policy = infoField(await redis.info('memory'), 'maxmemory_policy') ?? 'unknown';
    return policy === 'noeviction'
      ? ok('maxmemory-policy noeviction')
      : problem(
          `maxmemory-policy is ${policy}: Redis may evict what waits in the queue`,
          'Run: redis-cli config set maxmemory-policy noeviction, and write it into redis.conf.',
        );
  });
}
