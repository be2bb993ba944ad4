import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askRedis, infoField } from './ask-redis.ts';

const MAJOR_MINIMUM = 7;

export function checkRedis(ctx: CheckContext): Promise<Finding> {
  return askRedis(
    ctx,
    async (redis) =>
      judgeRedis(infoField(await redis.info('server'), 'redis_version') ?? 'of unknown version'),
    problem,
  );
}

/** Valkey reports the Redis version that it is compatible with. */
export function judgeRedis(version: string): Finding {
  return Number.parseInt(version, 10) >= MAJOR_MINIMUM
    ? ok(`Redis ${version}`)
    : problem(
        `Redis ${version}; ${MAJOR_MINIMUM}.0 or newer is needed`,
        'Upgrade it, or set REDIS_URL to a newer server.',
      );
}
