import { connectDb, migrateDb } from '@runfleet/db';
import { openAnnouncer } from '@runfleet/events';
import { lifeOf, stageEvents, stageTask } from '@runfleet/events/testing';
import { startOwnPostgres, startOwnRedis } from '@runfleet/testing';
import { expect } from 'vitest';

import { startTestGateway, TestClient, testWithGateway as test } from './testing.ts';

const LIFE = lifeOf(Array.from({ length: 20 }, (_, index) => `w${index} `));

test('a client loses no event when Redis dies and comes back empty', async ({
  db,
  databaseUrl,
}) => {
  await using redis = await startOwnRedis();
  await using announcer = openAnnouncer({ url: redis.url });
  await using gateway = await startTestGateway({ databaseUrl, redisUrl: redis.url });
  const task = await stageTask({ db });
  const request = { tasktoken: task.token, mode: 'delta', billing: true };
  await using client = await TestClient.watching(gateway, request);
  const advance = async (count: number) => {
    for (let step = 0; step < count; step += 1) {
      const received = client.taskFrames.length;
      announcer.announce(await stageEvents({ db }, task, LIFE.slice(received, received + 1)));
      await client.until(() => client.taskFrames.length > received);
    }
  };

  await advance(8);
  await redis.kill();
  await advance(3);
  await redis.restart({ empty: true });
  await advance(LIFE.length - 11);

  expect(client.types).toEqual(LIFE.map(({ type }) => type));
  expect(client.taskFrames.map(({ seq }) => seq)).toEqual(LIFE.map((_, index) => index + 1));
});

test('sockets stay open while Postgres is down, and resume when it is back', async ({
  redisUrl,
}) => {
  await using postgres = await startOwnPostgres();
  await migrateDb(postgres.url);
  await using db = connectDb(postgres.url, { connections: 1 });
  await using gateway = await startTestGateway({ databaseUrl: postgres.url, redisUrl });
  const task = await stageTask({ db });
  await stageEvents({ db }, task, LIFE.slice(0, 5));
  await using client = await TestClient.watching(gateway, { tasktoken: task.token, billing: true });
  await client.until(() => client.taskFrames.length === 5);

  await postgres.kill();
  client.ask({ tasktoken: task.token });
  expect((await fetch(`${gateway.url}/readyz`)).status).toBe(503);
  // The token of a new client cannot be looked up, so it is closed with "try again later".
  await using newcomer = await TestClient.watching(gateway, { tasktoken: task.token });
  expect((await newcomer.untilClosed()).code).toBe(1013);
  expect(client.closed).toBeNull();

  await postgres.restart({ empty: false });
  // The first statement may still use the dead connection.
  await db.sql`select 1`.catch(() => {});
  await stageEvents({ db }, task, LIFE.slice(5));
  await client.untilType('task_postprocess_end');
  expect(client.types.filter((type) => type !== 'task_output')).toEqual(
    LIFE.map(({ type }) => type).filter((type) => type !== 'task_output'),
  );
});
