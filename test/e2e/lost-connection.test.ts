/** A broken connection to Postgres fails its own statements and no others. */
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { connectDb, type Db } from '@runfleet/db';
import { testWithDb } from '@runfleet/db/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { expect } from 'vitest';

const test = testWithDb
  .extend('proxy', async ({ databaseUrl }, { onCleanup }) => {
    const proxy = await LossyProxy.start(databaseUrl);
    onCleanup(() => proxy[Symbol.asyncDispose]());
    return proxy;
  })
  .extend('lossy', async ({ databaseUrl, proxy }, { onCleanup }): Promise<Db> => {
    const db = connectDb(proxy.through(databaseUrl), { connections: 1 });
    onCleanup(() => db[Symbol.asyncDispose]());
    return db;
  });

/** More answers than a server sends before it has answered the first statement. */
const OPENING_ANSWERS_MAX = 10;

const LOST = /ECONNRESET|CONNECTION_CLOSED/;

const breakOnce = (proxy: LossyProxy) => {
  proxy.cut();
  proxy.restore();
};

/** Expects an answer within 5 s; the driver gives up a dead connection only after half a minute. */
async function expectAnswer({ sql }: Db): Promise<void> {
  const answer = await Promise.race([sql`select 3 as three`, delay(5_000, 'none', { ref: false })]);
  expect(answer).toEqual([{ three: 3 }]);
}

test('a connection lost in a transaction rejects it, and the next statement is answered', async ({
  lossy,
  proxy,
}) => {
  const lost = lossy.sql.begin(async (tx) => {
    await tx`select 1`;
    breakOnce(proxy);
    // Longer than it takes to notice the loss.
    await delay(50);
    await tx`select 2`;
  });
  await expect(lost).rejects.toThrow(LOST);
  await expectAnswer(lossy);
});

test('a connection lost during a statement, repeatedly, never blocks the next statement', async ({
  lossy,
  proxy,
}) => {
  for (let times = 0; times < 5; times += 1) {
    const lost = lossy.sql.begin(async (tx) => {
      const sleeping = tx`select pg_sleep(60)`.execute();
      breakOnce(proxy);
      await sleeping;
    });
    await expect(lost).rejects.toThrow(LOST);
    await expectAnswer(lossy);
  }
});

test('a connection lost at any point of its opening rejects the statement, and nothing else fails', async ({
  databaseUrl,
  proxy,
}) => {
  const uncaught: unknown[] = [];
  const note = (error: unknown) => uncaught.push(error);
  process.on('unhandledRejection', note);
  let rejected = 0;
  for (let answer = 1; answer <= OPENING_ANSWERS_MAX; answer += 1) {
    await using db = connectDb(proxy.through(databaseUrl), { connections: 1 });
    proxy.cutAtAnswer(answer);
    await db.sql`select 1`.catch(() => (rejected += 1));
    proxy.cutAtAnswer(0);
    await expectAnswer(db);
  }
  process.off('unhandledRejection', note);
  expect(rejected).toBeGreaterThanOrEqual(3); // Two answers for SCRAM, one for the types, one for the statement.
  expect(uncaught).toEqual([]);
});

test('a server that was down is reached again within seconds, after any number of failed attempts', async ({
  databaseUrl,
  proxy,
}) => {
  await using db = connectDb(proxy.through(databaseUrl), { connections: 4 });
  const askAll = () => Array.from({ length: 4 }, () => db.sql`select 1`);
  await Promise.all(askAll());
  proxy.cut();
  for (let times = 0; times < 3; times += 1) await Promise.allSettled(askAll());
  proxy.restore();
  await Promise.all(Array.from({ length: 4 }, () => expectAnswer(db)));
});

test('late statements of a lost transaction never reach the next user of the connection', async ({
  db,
  lossy,
  proxy,
}) => {
  await db.sql`create table kept (what text)`;
  const gate = new EventTarget();
  const opened = once(gate, 'open');
  const lost = lossy.sql.begin(async (tx) => {
    await tx`select 1`;
    breakOnce(proxy);
    await opened;
    await tx`insert into kept values ('by the lost transaction')`;
  });
  await expect(lost).rejects.toThrow(LOST);
  await lossy.sql.begin(async (tx) => {
    await tx`insert into kept values ('by the next transaction')`;
    gate.dispatchEvent(new Event('open'));
    // Time for a stray statement and the rollback that would follow it.
    await delay(50);
    await tx`select 1`;
  });
  expect(await db.sql`select what from kept`).toEqual([{ what: 'by the next transaction' }]);
});
