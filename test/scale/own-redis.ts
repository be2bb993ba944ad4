import { tmpdir } from 'node:os';

import { startRedis } from '@runfleet/local-servers';
import { openTaskQueue, type TaskQueue } from '@runfleet/queue';
import { Redis } from 'ioredis';

/** A Redis for one measurement only, so that no one else uses its time and memory. */
export type OwnRedis = AsyncDisposable & {
  url: string;
  queue: TaskQueue;
  /** Process time so far, in µs. */
  cpuMicros(): Promise<number>;
  usedBytes(): Promise<number>;
  empty(): Promise<void>;
};

export async function startOwnRedis(): Promise<OwnRedis> {
  const server = await startRedis({ dataDir: tmpdir(), ephemeral: true, onProgress: () => {} });
  const queue = openTaskQueue({ url: server.url });
  const admin = new Redis(server.url);
  const info = async (section: string, field: string) => {
    const value = new RegExp(`^${field}:(\\S+)`, 'm').exec(await admin.info(section))?.[1];
    if (value === undefined) throw new Error(`Redis reports no ${field}.`);
    return Number(value);
  };
  return {
    url: server.url,
    queue,
    cpuMicros: async () =>
      1_000_000 * ((await info('cpu', 'used_cpu_user')) + (await info('cpu', 'used_cpu_sys'))),
    usedBytes: () => info('memory', 'used_memory'),
    empty: async () => void (await admin.flushall('SYNC')),
    [Symbol.asyncDispose]: async () => {
      await queue[Symbol.asyncDispose]();
      admin.disconnect();
      await server[Symbol.asyncDispose]();
    },
  };
}
