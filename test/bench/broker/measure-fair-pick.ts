import type { TaskQueue } from '@runfleet/queue';
import { Queue, Worker } from 'bullmq';

import { aFairTask } from '../../scale/a-fair-task.ts';
import { type OwnRedis, startOwnRedis } from '../../scale/own-redis.ts';
import { median } from '../load/statistics.ts';

/** Process time of Redis per task in µs: one task at a time, and with 32 in flight. */
export type RedisTime = { alone: number; together: number };

export type FairPickStatistics = {
  /** A BullMQ job from `add` to done. */
  bullJob: RedisTime;
  byTenants: {
    tenants: number;
    /** `pick` and `release`. */
    pickAndRelease: RedisTime;
    /** `insert`, `pick` and `release`. */
    wholeLife: RedisTime;
  }[];
};

const POOL = 'phi-3-5-mini-instruct';
const TENANTS = [10, 100, 1_000, 10_000] as const;
const TASKS = 2_048;
const TOGETHER = 32;
const ROUNDS = 3;

/** Medians of three rounds; each round measures BullMQ, then the index with each number of tenants. */
export async function measureFairPick(): Promise<FairPickStatistics> {
  await using redis = await startOwnRedis();
  const bullJob: RedisTime[] = [];
  const lives = TENANTS.map((): { run: RedisTime; insert: RedisTime }[] => []);
  for (let round = 0; round < ROUNDS; round++) {
    bullJob.push(await measureBullJob(redis));
    for (const [at, tenants] of TENANTS.entries())
      lives[at]?.push(await measureLife(redis, tenants));
  }
  return {
    bullJob: medians(bullJob),
    byTenants: TENANTS.map((tenants, at) => {
      const pickAndRelease = medians((lives[at] ?? []).map(({ run }) => run));
      const insert = medians((lives[at] ?? []).map((life) => life.insert));
      const wholeLife = {
        alone: insert.alone + pickAndRelease.alone,
        together: insert.together + pickAndRelease.together,
      };
      return { tenants, pickAndRelease, wholeLife };
    }),
  };
}

/** The time with `tenants` tenants, all of which have queued tasks throughout. */
async function measureLife(
  redis: OwnRedis,
  tenants: number,
): Promise<{ run: RedisTime; insert: RedisTime }> {
  const { queue } = redis;
  await redis.empty();
  await queue.writeMark(POOL, 'm');
  const backlog = Math.ceil((4 * TASKS) / tenants + 1) * tenants;
  const tasks = Array.from({ length: backlog + 2 * TASKS }, (_, i) => aFairTask(i, tenants));
  await queue.insert(POOL, tasks.slice(0, backlog));
  await runTasks(queue, 256, 1);
  const run = {
    alone: await microsPerTask(redis, () => runTasks(queue, TASKS, 1)),
    together: await microsPerTask(redis, () => runTasks(queue, TASKS, TOGETHER)),
  };
  const insert = {
    alone: await microsPerTask(redis, () => insertTasks(queue, tasks.slice(backlog, -TASKS), 1)),
    together: await microsPerTask(redis, () => insertTasks(queue, tasks.slice(-TASKS), TOGETHER)),
  };
  return { run, insert };
}

async function runTasks(queue: TaskQueue, tasks: number, together: number): Promise<void> {
  for (let done = 0; done < tasks; done += together) {
    const picked = (await queue.pick(POOL, 'm', together)) ?? [];
    if (picked.length < together) throw new Error('The backlog was too short.');
    for (const task of picked) {
      queue.release({ lane: POOL, ...task, usedMs: Math.round(task.cost * 1.3) });
    }
  }
  // `release` does not wait for Redis.
  while ((await queue.readLoad(POOL)).running > 0);
}

async function insertTasks(
  queue: TaskQueue,
  tasks: readonly ReturnType<typeof aFairTask>[],
  together: number,
): Promise<void> {
  for (let at = 0; at < tasks.length; at += together) {
    await queue.insert(POOL, tasks.slice(at, at + together));
  }
}

async function measureBullJob(redis: OwnRedis): Promise<RedisTime> {
  await redis.empty();
  const url = new URL(redis.url);
  const connection = { host: url.hostname, port: Number(url.port), password: url.password };
  const queue = new Queue('jobs', { connection });
  const finished: (() => void)[] = [];
  const worker = new Worker('jobs', async () => finished.shift()?.(), {
    connection,
    concurrency: TOGETHER,
  });
  const runJob = async () => {
    const isDone = new Promise<void>((resolve) => finished.push(resolve));
    const data = { taskId: '1', epoch: 1 };
    await queue.add('ticket', data, { removeOnComplete: true, removeOnFail: true });
    await isDone;
  };
  const runJobs = async (jobs: number, together: number) => {
    for (let done = 0; done < jobs; done += together) {
      await Promise.all(Array.from({ length: together }, runJob));
    }
  };
  try {
    await runJobs(256, TOGETHER);
    return {
      alone: await microsPerTask(redis, () => runJobs(TASKS, 1)),
      together: await microsPerTask(redis, () => runJobs(TASKS, TOGETHER)),
    };
  } finally {
    await worker.close();
    await queue.close();
  }
}

async function microsPerTask(redis: OwnRedis, work: () => Promise<void>): Promise<number> {
  const before = await redis.cpuMicros();
  await work();
  return ((await redis.cpuMicros()) - before) / TASKS;
}

function medians(times: readonly RedisTime[]): RedisTime {
  return {
    alone: median(times.map(({ alone }) => alone)),
    together: median(times.map(({ together }) => together)),
  };
}
