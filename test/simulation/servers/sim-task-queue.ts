import type { TaskQueue, WorkerNotice } from '@runfleet/queue';
import { poolOfLane } from '@runfleet/scheduler';

import type { SimProcess } from '../kernel/sim-process.ts';
import type { World } from '../world.ts';
import type { Connection } from './connection.ts';

/** A process' queue: the production interface over the simulated Redis. */
export function openSimTaskQueue(
  world: World,
  process: SimProcess,
  connection: Connection,
): TaskQueue {
  const { redis, random, counts } = world;

  /** Sends a message that the caller does not await. It may be lost, late or sent twice. */
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
    offer({ lane, ...task }) {
      send('offer', () => redis.do('insert', lane, [task]));
      wake(lane);
    },
    release({ lane, ...run }) {
      send('release', () => redis.do('release', lane, run));
      wake(lane);
    },
    withdraw: ({ lane, ...task }) => send('withdraw', () => redis.do('withdraw', lane, task)),
    // No simulated Run asks for a callback.
    callBack: () => {},
    wake,
    tell: (workerId, notice) => publish('notice', `worker:${workerId}`, JSON.stringify(notice)),
    insert: (pool, tasks) => connection.call(() => redis.do('insert', pool, tasks)),
    pick: (pool, mark, count) =>
      connection.call(() => {
        const actual = redis.data.markOf(pool);
        if (actual !== mark && world.bug !== 'generation marker ignored') return null;
        world.history.picked(pool, mark, actual);
        return redis.do('pick', pool, count);
      }),
    putBack: (pool, tasks) => connection.call(() => redis.do('putBack', pool, tasks)),
    clear: (pool) => connection.call(() => redis.do('clear', pool)),
    restoreRunning: (pool, tasks) => connection.call(() => redis.do('restoreRunning', pool, tasks)),
    listRunning: (pool) =>
      connection.call(() => ({ tasks: redis.data.listRunning(pool), next: null })),
    readPlaces: async (_, tasks) => tasks.map(() => null),
    readLoad: (pool) =>
      connection.call(() => ({ ...redis.data.readLoad(pool), oldestQueuedAt: null })),
    readShares: async () => [],
    // No simulated operator changes a share.
    listTenants: async () => ({ tenants: [], next: null }),
    setShare: async () => 0,
    readMark: (pool) => connection.call(() => redis.data.markOf(pool)),
    writeMark: (pool, mark) => connection.call(() => redis.do('writeMark', pool, mark)),
    readServerId: () => connection.call(() => redis.serverId),
    onWake: (pool, listener) => listen(`wake:${pool}`, listener),
    onNotice: (workerId, listener) =>
      listen(`worker:${workerId}`, (text) => listener(JSON.parse(text) as WorkerNotice)),
    check: () => connection.call(() => {}),
    [Symbol.asyncDispose]: async () => {},
  };
}
