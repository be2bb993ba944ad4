import { Redis } from 'ioredis';
import postgres from 'postgres';
import { expect, test } from 'vitest';

import { startOwnPostgres, startOwnRedis } from './own-server.ts';

test('a killed Redis comes back at its URL with its data, or with none', async () => {
  await using server = await startOwnRedis();
  const read = async () => {
    const redis = new Redis(server.url);
    const value = await redis.get('kept');
    await redis.quit();
    return value;
  };
  const redis = new Redis(server.url);
  await redis.set('kept', 'yes');
  await redis.quit();

  await server.kill();
  await server.restart({ empty: false });
  expect(await read()).toBe('yes');

  await server.restart({ empty: true });
  expect(await read()).toBeNull();
});

test('a killed Postgres comes back at its URL with its data, or with none', async () => {
  await using server = await startOwnPostgres();
  const ask = async (statement: string) => {
    const sql = postgres(server.url, { max: 1 });
    try {
      return await sql.unsafe(statement);
    } finally {
      await sql.end();
    }
  };
  await ask('create table kept (id int)');

  await server.kill();
  await server.restart({ empty: false });
  expect(await ask('select count(*)::int as rows from kept')).toEqual([{ rows: 0 }]);

  await server.restart({ empty: true });
  await expect(ask('select from kept')).rejects.toThrow('does not exist');
});
