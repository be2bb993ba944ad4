import { type CheckContext, type Finding, ok, problem } from '../check.ts';
import { askRedis, infoField } from './ask-redis.ts';

/**
 * Checks whether Redis keeps its data over a restart. Without that only time is lost, because Postgres
 * decides; but a Redis that cannot write to its disk refuses all writes, which is a problem.
 */
export function checkRedisPersistence(ctx: CheckContext): Promise<Finding> {
  return askRedis(ctx, async (redis) => judgePersistence(await redis.info('persistence')));
}

export function judgePersistence(info: string): Finding {
  for (const name of ['aof_last_write_status', 'rdb_last_bgsave_status']) {
    const status = infoField(info, name) ?? 'ok';
    if (status !== 'ok') {
      return problem(
        `Redis cannot write to its disk (${name} is ${status})`,
        "See Redis's log; free space, or correct the permissions of its folder.",
      );
    }
  }
  return infoField(info, 'aof_enabled') === '1'
    ? ok('append-only file')
    : ok(
        'no append-only file: the queue is rebuilt from Postgres after a restart',
        'Recommended: redis-cli config set appendonly yes',
      );
}
