import { Redis } from 'ioredis';
import postgres from 'postgres';
import { describe, expect } from 'vitest';

import { testWithServers } from './fixtures.ts';

let migrations = 0;
const test = testWithServers('fixtures', async (url) => {
  migrations += 1;
  const sql = postgres(url, { max: 1 });
  await sql`create table notes (text text primary key)`;
  await sql.end();
});

describe.each(['one test', 'the next test'])('%s', () => {
  test('starts with migrated, empty tables', async ({ databaseUrl }) => {
    const sql = postgres(databaseUrl, { max: 1 });
    // The same key twice would fail if tests shared a database.
    await sql`insert into notes values ('here')`;
    expect(await sql`select text from notes`).toEqual([{ text: 'here' }]);
    expect(migrations).toBe(1);
    await sql.end();
  });

  test('starts with an empty Redis database', async ({ redisUrl }) => {
    const redis = new Redis(redisUrl);
    expect(await redis.dbsize()).toBe(0);
    await redis.set('here', 'yes');
    await redis.quit();
  });
});

test('two clients of one test see the same Redis database', async ({ redisUrl }) => {
  const [one, other] = [new Redis(redisUrl), new Redis(redisUrl)];
  await one.set('said', 'by one');
  expect(await other.get('said')).toBe('by one');
  await Promise.all([one.quit(), other.quit()]);
});
