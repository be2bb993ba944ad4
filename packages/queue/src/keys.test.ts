/** Every key that this package leaves in Redis expires, except one mark per pool. */
import type { FairTask } from '@runfleet/scheduler';
import { laneOf } from '@runfleet/scheduler';
import { eventually, listRedisKeys, testWithRedis } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { describe, expect } from 'vitest';

import { FairIndex } from './fair-index.ts';
import { openTicketTransport } from './open-ticket-transport.ts';

const test = testWithRedis
  .extend('redis', ({ redisUrl }, { onCleanup }) => {
    const redis = new Redis(redisUrl);
    onCleanup(() => redis.disconnect());
    return redis;
  })
  .extend('index', ({ redis }) => new FairIndex(redis));

const LANE = laneOf('p', ['gpu=H100']);

const task = (organisationId: string, taskId: string, fairnessKey = ''): FairTask => ({
  organisationId,
  taskId,
  fairnessKey,
  priority: 0,
  cost: 1_000,
  queuedAt: 1_700_000_000_000,
  weight: 1,
  runningLimit: null,
});
const nameOf = ({ organisationId, taskId, fairnessKey }: FairTask) => ({
  organisationId,
  taskId,
  fairnessKey,
});
const TASKS = [task('a', '1'), task('a', '2', 'x'), task('a', '3', 'y'), task('b', '4', 'x')];

/** Every way in which a task leaves a lane, and every other change of a lane. */
const LIVES: Record<string, (index: FairIndex, lane: string) => Promise<unknown>> = {
  'killed in the queue': (index, lane) =>
    index.change(lane, [{ do: 'withdraw', tasks: TASKS.map(nameOf) }]),
  'picked and ended': async (index, lane) => {
    await index.pick(lane, 'm', 128);
    await index.change(lane, [
      { do: 'release', tasks: TASKS.map((one) => ({ ...nameOf(one), usedMs: 5_000 })) },
    ]);
  },
  'put back and killed': async (index, lane) => {
    await index.pick(lane, 'm', 128);
    await index.putBack(lane, TASKS);
    await index.change(lane, [{ do: 'withdraw', tasks: TASKS.map(nameOf) }]);
  },
  'restored as running and ended': async (index, lane) => {
    await index.restoreRunning(lane, TASKS);
    await index.change(lane, [
      { do: 'release', tasks: TASKS.map((one) => ({ ...nameOf(one), usedMs: 5_000 })) },
    ]);
  },
  cleared: (index, lane) => index.clear(lane),
};

describe('a lane whose tasks were', () => {
  test.for(Object.entries(LIVES))(
    '%s leaves only a mark that expires',
    async ([, live], { redis, redisUrl, index }) => {
      await index.writeMark(LANE, 'm');
      await index.insert(LANE, TASKS);
      await live(index, LANE);
      expect(await lasting(redisUrl)).toEqual([]);
      expect(await redis.keys('*')).toHaveLength(live === LIVES['cleared'] ? 0 : 1);
    },
  );

  test.for(['in line', 'running'])(
    '%s when all further changes were lost expires as well',
    async (where, { redis, redisUrl, index }) => {
      await index.writeMark(LANE, 'm');
      await index.insert(LANE, TASKS);
      if (where === 'running') await index.pick(LANE, 'm', 2);
      expect((await redis.keys('*')).length).toBeGreaterThan(8);
      expect(await lasting(redisUrl)).toEqual([]);
    },
  );
});

describe('a pool whose tasks were', () => {
  test.for(Object.entries(LIVES).filter(([name]) => name !== 'cleared'))(
    '%s keeps only its mark',
    async ([, live], { redis, index }) => {
      await index.writeMark('p', 'm');
      await index.insert('p', TASKS);
      await live(index, 'p');
      expect(await redis.keys('*')).toEqual(['runfleet:{p}:mark']);
    },
  );
});

describe.each(['lists', 'bullmq'] as const)('over %s', (kind) => {
  test('tickets for a worker that never came expire', async ({ redis, redisUrl }) => {
    await using transport = openTicketTransport({ url: redisUrl, kind });
    await transport.send('gone', [{ taskId: '1', epoch: 1 }]);
    expect(await redis.keys('*')).not.toEqual([]);
    expect(await lasting(redisUrl)).toEqual([]);
  });

  test('the keys of a worker that died with unfinished tickets expire', async ({ redisUrl }) => {
    await using transport = openTicketTransport({ url: redisUrl, kind });
    let isTaken = false;
    const receiver = transport.receive('dies', () => {
      isTaken = true;
      return new Promise(() => {});
    });
    await transport.send('dies', [{ taskId: '1', epoch: 1 }]);
    await eventually(async () => expect(isTaken).toBe(true));
    await receiver[Symbol.asyncDispose]();
    await eventually(async () => expect(await lasting(redisUrl)).toEqual([]));
  });

  test('a worker that leaves deletes all its keys', async ({ redis, redisUrl }) => {
    await using transport = openTicketTransport({ url: redisUrl, kind });
    await transport.send('leaves', [{ taskId: '1', epoch: 1 }]);
    await transport.discard('leaves');
    expect(await redis.keys('*')).toEqual([]);
  });
});

/** Keys without an expiry. */
async function lasting(redisUrl: string): Promise<string[]> {
  const keys = await listRedisKeys(redisUrl);
  return keys.filter(({ endsInSeconds }) => endsInSeconds === null).map(({ key }) => key);
}
