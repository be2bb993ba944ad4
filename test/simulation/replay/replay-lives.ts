import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { connectDb, migrateDb } from '@runfleet/db';
import { bringPostgres, bringRedis } from '@runfleet/local-servers';
import { openTaskQueue } from '@runfleet/queue';
import { Resources } from '@runfleet/service';
import { Redis } from 'ioredis';

import { replayLife } from './replay-life.ts';

/** Steps under faults per life; fewer than in memory, because real commits are slower. */
export const REPLAYED_STEPS = 400;

/** Repeats one life per seed on servers started for this purpose. Throws at the first difference. */
export async function replayLives(options: {
  from: number;
  seeds: number;
  onProgress: (step: string) => void;
}): Promise<{ lives: number; transactions: number; redisSteps: number }> {
  const { from, seeds, onProgress } = options;
  const folder = await mkdtemp(join(tmpdir(), 'runfleet-sim-'));
  await using resources = new Resources();
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const how = { ephemeral: true, onProgress };
  const postgres = resources.use(
    await bringPostgres({ ...how, dataDir: join(folder, 'postgres') }),
  );
  const redisServer = resources.use(await bringRedis({ ...how, dataDir: join(folder, 'redis') }));
  await migrateDb(postgres.url);
  const db = resources.use(connectDb(postgres.url));
  const queue = resources.use(openTaskQueue({ url: redisServer.url }));
  const redis = new Redis(redisServer.url);
  resources.defer(async () => redis.disconnect());
  const servers = { db, queue, flush: async () => void (await redis.flushdb()) };

  const sum = { lives: 0, transactions: 0, redisSteps: 0 };
  for (let seed = from; seed < from + seeds; seed++) {
    const { transactions, redisSteps } = await replayLife(servers, {
      seed,
      steps: REPLAYED_STEPS,
    });
    sum.lives += 1;
    sum.transactions += transactions;
    sum.redisSteps += redisSteps;
    if (sum.lives % 20 === 0) onProgress(`${sum.lives} lives repeated`);
  }
  return sum;
}
