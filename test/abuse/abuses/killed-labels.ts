import { Redis } from 'ioredis';

import type { Abuse } from '../abuse.ts';
import { call, nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const KEYS_MORE_MAX = 10;

export const killedLabels: Abuse = {
  name: 'killed-labels',
  sends: '600 Runs with long, unique labels, each killed',
  bound: `at most ${KEYS_MORE_MAX} more keys in Redis have no expiry than before`,
  async inflict(target) {
    const redis = new Redis(target.redisUrl);
    const before = await countPersistent(redis);
    const tally = new Tally();
    await sideBySide(target.isShort ? 200 : 600, 16, async (index) => {
      const requires = `a=${'k'.repeat(50)}${index}, b=${'l'.repeat(50)}${index}`;
      const answer = await run(target, { prompt: 'x' }, { 'x-runfleet-requires': requires });
      tally.count(nameOf(answer));
      if (answer.taskId === null) return;
      const killed = await call(target, 'Task/Kill', JSON.stringify({ taskid: answer.taskId }));
      tally.count(`kill ${nameOf(killed)}`);
    });
    const more = (await countPersistent(redis)) - before;
    const keys = await redis.dbsize();
    redis.disconnect();
    tally.count('keys in Redis', keys);
    tally.count('more of them without expiry', Math.max(0, more));
    return {
      answers: tally.answers,
      broken: more <= KEYS_MORE_MAX ? null : `${more} keys would never expire`,
    };
  },
};

/** The number of keys without expiry. */
async function countPersistent(redis: Redis): Promise<number> {
  let count = 0;
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 500);
    cursor = next;
    for (const ttl of await Promise.all(keys.map((key) => redis.ttl(key)))) {
      if (ttl === -1) count += 1;
    }
  } while (cursor !== '0');
  return count;
}
