import { setTimeout as delay } from 'node:timers/promises';

import { Redis } from 'ioredis';

import type { Abuse } from '../abuse.ts';
import { call, nameOf, run } from '../call.ts';
import { sideBySide, Tally } from '../tally.ts';

const KEYS_MORE_MAX = 50;
const GONE_MS = 20_000;
const LOOK_MS = 250;

export const killedLabels: Abuse = {
  name: 'killed-labels',
  sends: '600 Runs with long labels of their own, each killed',
  bound: `within 20 s Redis holds no more than ${KEYS_MORE_MAX} keys more than before`,
  async inflict(target) {
    const redis = new Redis(target.redisUrl);
    const before = await redis.dbsize();
    const tally = new Tally();
    await sideBySide(target.isShort ? 200 : 600, 16, async (index) => {
      const requires = `a=${'k'.repeat(50)}${index}, b=${'l'.repeat(50)}${index}`;
      const answer = await run(target, { prompt: 'x' }, { 'x-runfleet-requires': requires });
      tally.count(nameOf(answer));
      if (answer.taskId === null) return;
      const killed = await call(target, 'Task/Kill', JSON.stringify({ taskid: answer.taskId }));
      tally.count(`kill ${nameOf(killed)}`);
    });
    const deadline = performance.now() + GONE_MS;
    let more = (await redis.dbsize()) - before;
    while (more > KEYS_MORE_MAX && performance.now() < deadline) {
      await delay(LOOK_MS);
      more = (await redis.dbsize()) - before;
    }
    redis.disconnect();
    tally.count('keys more', Math.max(0, more));
    return {
      answers: tally.answers,
      broken: more <= KEYS_MORE_MAX ? null : `${more} keys stay in Redis`,
    };
  },
};
