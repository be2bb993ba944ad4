import { aFairTask } from '../../scale/a-fair-task.ts';
import { startOwnRedis } from '../../scale/own-redis.ts';

const POOL = 'phi-3-5-mini-instruct';
const PAGE_TASKS = 5_000;

export type QueueMemory = { tasks: number; tenants: number; bytesPerTask: number };

/** Redis memory per queued task, including its tenant's state, with 1, 1,000 and 100,000 tenants. */
export async function measureQueueMemory(tasks: number): Promise<QueueMemory[]> {
  await using redis = await startOwnRedis();
  const statistics: QueueMemory[] = [];
  for (const tenants of [1, 1_000, 100_000]) {
    await redis.empty();
    const before = await redis.usedBytes();
    for (let number = 0; number < tasks; number += PAGE_TASKS) {
      const page = Array.from({ length: Math.min(PAGE_TASKS, tasks - number) }, (_, i) =>
        aFairTask(number + i, tenants),
      );
      await redis.queue.insert(POOL, page);
    }
    const bytesPerTask = ((await redis.usedBytes()) - before) / tasks;
    statistics.push({ tasks, tenants, bytesPerTask });
  }
  return statistics;
}
