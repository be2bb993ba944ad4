/** A million queued tasks of a hundred thousand tenants in one index, on a real Redis. */
import type { PickedTask } from '@runfleet/queue';

import { median } from '../bench/load/statistics.ts';
import { aFairTask } from './a-fair-task.ts';
import type { OwnRedis } from './own-redis.ts';

export type MillionTasks = {
  tasks: number;
  tenants: number;
  /** Tasks enqueued per second, and process time of Redis for each. */
  insertedPerSecond: number;
  insertMicros: number;
  bytesPerTask: number;
  /** Process time of Redis per pick and release by queue length, medians of three. */
  costs: { queued: number; micros: number }[];
  runsPerSecond: number;
  /** Latencies of reads in ms. */
  readPoolMs: number;
  readPlacesMs: number;
  readSharesMs: number;
  clearMs: number;
};

const POOL = 'phi-3-5-mini-instruct';
const PAGE_TASKS = 5_000;
const TOGETHER = 64;
const RUNS_PER_SAMPLE = 2_560;
const TAKEN_PER_SAMPLE = 3;
const SAMPLES = 5;

export async function millionTasks(
  redis: OwnRedis,
  plan: { tasks: number; tenants: number },
): Promise<MillionTasks> {
  const { queue } = redis;
  const { tasks, tenants } = plan;
  await redis.empty();
  await queue.writeMark(POOL, 'm');

  const bytes = await redis.usedBytes();
  const inserting = await timed(redis, async () => {
    for (let number = 0; number < tasks; number += PAGE_TASKS) {
      const page = Array.from({ length: Math.min(PAGE_TASKS, tasks - number) }, (_, i) =>
        aFairTask(number + i, tenants),
      );
      await queue.insert(POOL, page);
    }
  });
  const bytesPerTask = ((await redis.usedBytes()) - bytes) / tasks;

  const { ms: readPoolMs } = await timed(redis, () => queue.readLoad(POOL));
  const asked = Array.from({ length: 64 }, (_, i) => aFairTask((i * tasks) / 64, tenants));
  const { ms: readPlacesMs } = await timed(redis, () => queue.readPlaces(POOL, asked));
  const { ms: readSharesMs } = await timed(redis, () => queue.readShares(POOL, 20));

  const costs: MillionTasks['costs'] = [];
  let [runs, runsMs] = [0, 0];
  for (let sample = 0; sample < SAMPLES; sample++) {
    const { queued } = await queue.readLoad(POOL);
    const taken: number[] = [];
    for (let i = 0; i < TAKEN_PER_SAMPLE; i++) {
      const { micros, ms } = await timed(redis, () => runTasks(redis, RUNS_PER_SAMPLE));
      taken.push(micros / RUNS_PER_SAMPLE);
      runs += RUNS_PER_SAMPLE;
      runsMs += ms;
    }
    costs.push({ queued, micros: median(taken) });
    // Removes most of the queue, so that the next sample has a much shorter one.
    await drain(redis, Math.floor(queued / 4));
  }
  const { ms: clearMs } = await timed(redis, () => queue.clear(POOL));
  return {
    ...plan,
    insertedPerSecond: (1_000 * tasks) / inserting.ms,
    insertMicros: inserting.micros / tasks,
    bytesPerTask,
    costs,
    runsPerSecond: (1_000 * runs) / runsMs,
    readPoolMs,
    readPlacesMs,
    readSharesMs,
    clearMs,
  };
}

async function runTasks({ queue }: OwnRedis, count: number): Promise<void> {
  for (let done = 0; done < count; done += TOGETHER) {
    const picked = (await queue.pick(POOL, 'm', TOGETHER)) ?? [];
    for (const task of picked) queue.release({ lane: POOL, ...task, usedMs: task.cost * 1.3 });
  }
  while ((await queue.readLoad(POOL)).running > 0);
}

async function drain({ queue }: OwnRedis, left: number): Promise<void> {
  for (;;) {
    const { queued, running } = await queue.readLoad(POOL);
    if (queued <= left && running === 0) return;
    const picked: PickedTask[] = queued <= left ? [] : ((await queue.pick(POOL, 'm', 128)) ?? []);
    for (const task of picked) queue.release({ lane: POOL, ...task, usedMs: task.cost });
  }
}

async function timed(
  redis: OwnRedis,
  work: () => Promise<unknown>,
): Promise<{ ms: number; micros: number }> {
  const [cpu, from] = [await redis.cpuMicros(), performance.now()];
  await work();
  const ms = performance.now() - from;
  return { ms, micros: (await redis.cpuMicros()) - cpu };
}
