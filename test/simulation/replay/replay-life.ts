import { isDeepStrictEqual } from 'node:util';

import type { Db } from '@runfleet/db';
import type { TaskQueue } from '@runfleet/queue';

import { memorySubject } from '../conformance/memory-subject.ts';
import { postgresSubject } from '../conformance/postgres-subject.ts';
import { POOL } from '../pool.ts';
import { newRecording } from '../recording.ts';
import { simulate } from '../simulate.ts';
import { addTenants } from './add-tenants.ts';
import { replayRedis } from './replay-redis.ts';
import { replayTransactions } from './replay-transactions.ts';

export type RealServers = { db: Db; queue: TaskQueue; flush(): Promise<void> };

/**
 * Simulates one life, then repeats everything that its servers did on an empty Postgres and Redis at
 * the same virtual times. Throws if a law is broken, if an answer differs or if the tables differ at
 * the end.
 */
export async function replayLife(
  servers: RealServers,
  { seed, steps }: { seed: number; steps: number },
): Promise<{ transactions: number; redisSteps: number }> {
  const recording = newRecording();
  const { broken } = await simulate({ seed, steps, recording });
  if (broken) throw new Error(`Seed ${seed} broke the law "${broken.law}": ${broken.detail}`);
  const { database } = recording;
  if (!database) throw new Error('Nothing was recorded.');

  await addTenants(servers.db);
  await servers.flush();
  const transactions = await replayTransactions(servers.db, recording);
  const redisSteps = await replayRedis(servers, recording);

  const ids = { workerIds: [...database.workers.keys()], pools: [POOL] };
  const clock = () => database.clock();
  const expected = await memorySubject(database).readAll(ids);
  const actual = await postgresSubject(servers.db, clock).readAll(ids);
  for (const table of Object.keys(expected) as (keyof typeof expected)[]) {
    if (isDeepStrictEqual(actual[table], expected[table])) continue;
    const at = expected[table].findIndex(
      (row, index) => !isDeepStrictEqual(row, actual[table][index]),
    );
    const rows = [expected[table][at], actual[table][at]].map((row) => JSON.stringify(row, text));
    throw new Error(`Seed ${seed}: ${table} differ at ${at}: ${rows.join(' and ')}`);
  }
  return { transactions, redisSteps };
}

const text = (_: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
