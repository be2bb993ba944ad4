import type { TaskQueue, WorkerNotice } from '@runfleet/queue';
import { poolOfLane } from '@runfleet/scheduler';

import type { SimProcess } from '../kernel/sim-process.ts';
import type { World } from '../world.ts';
import type { Connection } from './connection.ts';
import type { RedisData } from './redis-data.ts';

/** A process' queue: the same interface as in production, over the simulated Redis. */
export function openSimTaskQueue(
  world: World,
  process: SimProcess,
  connection: Connection,
): TaskQueue {
  const { redis, random, counts } = world;

  const ask = <R>(operation: (data: RedisData) => R): Promise<R> =>
    connection.call(() => redis.do(operation));

  /** Sends what nobody waits for, and may lose it, send it twice or late. */
  const send = (name: string, apply: () => void) => {
    const { notices } = world.profile;
    if (!world.isHealed && random.chance(notices.lost)) return counts.add(`fault: ${name} lost`);
    const isTwice = !world.isHealed && random.chance(notices.duplicated);
    if (isTwice) counts.add(`fault: ${name} duplicated`);
    for (let i = 0; i < (isTwice ? 2 : 1); i++) connection.call(apply).catch(() => {});
  };
  const publish = (name: string, channel: string, text: string) =>
    send(name, () => {
      for (const { process: to, life, hear } of redis.listenersOf(channel)) {
        world.time.after(random.exponential(1), () => to.deliver(life, () => hear(text)));
      }
    });
  const wake = (lane: string) => publish('wake', `wake:${poolOfLane(lane)}`, lane);
  const listen = (channel: string, hear: (text: string) => void) =>
    redis.listen(channel, { process, life: process.life, hear });

  return {
    offer({ pool, ...task }) {
      send('offer', () => redis.do((data) => data.insert(pool, [task])));
      wake(pool);
    },
    release({ pool, taskId, usedMs }) {
      send('release', () => redis.do((data) => data.release(pool, taskId, usedMs)));
      wake(pool);
    },
    withdraw: ({ pool, taskId }) =>
      send('withdraw', () => redis.do((data) => data.withdraw(pool, taskId))),
    wake,
    tell: (workerId, notice) => publish('notice', `worker:${workerId}`, JSON.stringify(notice)),
    insert: (pool, tasks) => ask((data) => data.insert(pool, tasks)),
    pick: (pool, mark, count) =>
      connection.call(() => {
        const actual = redis.data.markOf(pool);
        if (actual !== mark && world.bug !== 'generation marker ignored') return null;
        world.history.picked(pool, mark, actual);
        return redis.do((data) => data.pick(pool, count));
      }),
    putBack: (pool, tasks) => ask((data) => data.putBack(pool, tasks)),
    clear: (pool) => ask((data) => data.clear(pool)),
    restoreRunning: (pool, tasks) => ask((data) => data.restoreRunning(pool, tasks)),
    listRunning: (pool) =>
      connection.call(() => ({ tasks: redis.data.listRunning(pool), next: null })),
    readPlaces: async (_, tasks) => tasks.map(() => null),
    readPool: (pool) =>
      connection.call(() => ({ ...redis.data.readPool(pool), oldestQueuedAt: null })),
    readShares: async () => [],
    readMark: (pool) => connection.call(() => redis.data.markOf(pool)),
    writeMark: (pool, mark) => ask((data) => data.writeMark(pool, mark)),
    readServerId: () => connection.call(() => redis.serverId),
    onWake: (pool, listener) => listen(`wake:${pool}`, listener),
    onNotice: (workerId, listener) =>
      listen(`worker:${workerId}`, (text) => listener(JSON.parse(text) as WorkerNotice)),
    check: () => connection.call(() => {}),
    [Symbol.asyncDispose]: async () => {},
  };
}
