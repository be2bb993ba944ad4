import { connectDb, type Db } from '@runfleet/db';
import { testWithDb } from '@runfleet/db/testing';
import type { NewTaskEvent, TaskEvent } from '@runfleet/protocol';
import { startOwnRedis } from '@runfleet/testing';
import { LossyProxy } from '@runfleet/testing/lossy-proxy';
import { describe, expect } from 'vitest';

import { openAnnouncer } from './announcer.ts';
import { type Follower, openFollower } from './follower.ts';
import { lifeOf, stageEvents, stageTask } from './testing.ts';

const WORDS = ['The ', 'quick ', 'brown ', 'fox.'];
/** Longer than the test waits: every event that arrives came with a notice. */
const NO_POLL_MS = 600_000;

const test = testWithDb.extend('announcer', async ({ redisUrl }, { onCleanup }) => {
  const announcer = openAnnouncer({ url: redisUrl });
  onCleanup(() => announcer[Symbol.asyncDispose]());
  return announcer;
});

describe('what is stored', () => {
  test('a finished task yields all its events and ends', async ({ db, redisUrl }) => {
    const task = await stageTask({ db });
    const events = await stageEvents({ db }, task, lifeOf(WORDS));
    await using follower = openFollower({ db, url: redisUrl });

    expect(await collect(follower, task.id)).toEqual(events);
    expect(follower.taskCount).toBe(0);
  });

  test('a log of many pages is read in order from any seq', async ({ db, redisUrl }) => {
    const task = await stageTask({ db });
    const words = Array.from({ length: 700 }, (_, index) => `w${index} `);
    const events = await stageEvents({ db }, task, lifeOf(words));
    await using follower = openFollower({ db, url: redisUrl });

    for (const after of [0, 1, 255, 256, 257, 600, events.length - 1, events.length, 10_000]) {
      expect(await collect(follower, task.id, after)).toEqual(events.slice(after));
    }
  });

  test('a missing task is reported as not found', async ({ db, redisUrl }) => {
    await using follower = openFollower({ db, url: redisUrl });

    await expect(collect(follower, '999')).rejects.toMatchObject({ kind: 'task_not_found' });
  });

  test('a log that retention has dropped ends at once', async ({ db, redisUrl }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, lifeOf(WORDS));
    await db.sql`delete from task_events where task_id = ${task.id}`;
    await using follower = openFollower({ db, url: redisUrl });

    expect(await collect(follower, task.id)).toEqual([]);
  });
});

describe('what happens', () => {
  test('two followers that join at any point get the same events', async ({
    db,
    redisUrl,
    announcer,
  }) => {
    const life = lifeOf(WORDS);
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });

    const task = await stageTask({ db });
    const tellings: Promise<TaskEvent[]>[] = [];
    const all: TaskEvent[] = [];
    for (const event of life) {
      tellings.push(collect(follower, task.id), collect(follower, task.id, all.length));
      const events = await stageEvents({ db }, task, [event]);
      announcer.announce(events);
      all.push(...events);
    }
    tellings.push(collect(follower, task.id));

    for (const [index, telling] of (await Promise.all(tellings)).entries()) {
      expect(telling).toEqual(index % 2 === 0 ? all : all.slice((index - 1) / 2));
    }
  });

  test('events that a notice carries are not read from Postgres', async ({
    databaseUrl,
    redisUrl,
    announcer,
  }) => {
    const counting = countQueries(connectDb(databaseUrl));
    await using db = counting.db;
    const task = await stageTask({ db });
    const [queued] = await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    await expect.poll(() => follower.isRedisConnected).toBe(true);
    const stopping = new AbortController();
    const telling = follower.follow(task.id, 0, stopping.signal);
    expect((await telling.next()).value).toEqual(queued);

    for (const raw of WORDS) {
      const next = telling.next();
      const events = await stageEvents({ db }, task, [output(raw)]);
      const before = counting.count();
      announcer.announce(events);
      expect((await next).value).toEqual(events[0]);
      expect(counting.count()).toBe(before);
    }
    stopping.abort();
    expect((await telling.next()).done).toBe(true);
    expect(follower.gapReads).toBe(0);
  });

  test('a gap is read once for all followers', async ({ db, redisUrl, announcer }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    const stopping = new AbortController();
    const tellings = [1, 2, 3].map(() => follower.follow(task.id, 0, stopping.signal));
    for (const telling of tellings) await telling.next();

    const next = tellings.map((telling) => telling.next());
    const missed = await stageEvents({ db }, task, WORDS.map(output));
    announcer.announce(missed.slice(-1));

    for (const first of await Promise.all(next)) expect(first.value).toEqual(missed[0]);
    for (const event of missed.slice(1)) {
      for (const telling of tellings) expect((await telling.next()).value).toEqual(event);
    }
    expect(follower.gapReads).toBe(1);
    stopping.abort();
  });

  test('an event too long for a notice still arrives', async ({ db, redisUrl, announcer }) => {
    const task = await stageTask({ db });
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    const telling = collect(follower, task.id);
    const events = await stageEvents({ db }, task, lifeOf(['long '.repeat(2_000)]));
    announcer.announce(events);

    expect(await telling).toEqual(events);
  });

  test('an event without a notice arrives by the slow poll', async ({ db, redisUrl }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    await using follower = openFollower({ db, url: redisUrl, pollMs: 50 });
    const telling = collect(follower, task.id);
    await stageEvents({ db }, task, lifeOf(WORDS).slice(1));

    expect((await telling).length).toBe(lifeOf(WORDS).length);
  });

  test('a follower far behind the others still gets everything', async ({
    db,
    redisUrl,
    announcer,
  }) => {
    const task = await stageTask({ db });
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    const slow = follower.follow(task.id, 0, AbortSignal.timeout(20_000));
    const words = Array.from({ length: 600 }, (_, index) => `w${index} `);
    const life = lifeOf(words);
    const all = await stageEvents({ db }, task, life.slice(0, 1));
    const first = await slow.next();
    const fast = collect(follower, task.id);
    for (let start = 1; start < life.length; start += 100) {
      const events = await stageEvents({ db }, task, life.slice(start, start + 100));
      announcer.announce(events);
      all.push(...events);
    }
    expect(await fast).toEqual(all);

    const rest: TaskEvent[] = [];
    for await (const event of slow) rest.push(event);
    expect([first.value, ...rest]).toEqual(all);
  });

  test('followers in two databases of one Redis receive only their own notices', async ({
    db,
    redisUrl,
  }) => {
    const task = await stageTask({ db });
    const own = await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    const stopping = new AbortController();
    const telling = follower.follow(task.id, 0, stopping.signal);
    await telling.next();

    const foreignUrl = new URL(redisUrl);
    foreignUrl.pathname = '/0';
    await using foreign = openAnnouncer({ url: foreignUrl.href });
    await using here = openAnnouncer({ url: redisUrl });
    const next = telling.next();
    const fake = own.map((event) => ({ ...event, seq: 2, ...output('not ours') }));
    foreign.announce(fake);
    await untilReady(foreign);
    const real = await stageEvents({ db }, task, [output('ours')]);
    here.announce(real);

    expect((await next).value).toEqual(real[0]);
    stopping.abort();
  });

  test('an aborted follower releases its task', async ({ db, redisUrl }) => {
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    await using follower = openFollower({ db, url: redisUrl });
    const stopping = new AbortController();
    const telling = follower.follow(task.id, 0, stopping.signal);
    await telling.next();
    const next = telling.next();
    expect(follower.taskCount).toBe(1);
    stopping.abort();

    expect((await next).done).toBe(true);
    expect(follower.taskCount).toBe(0);
  });
});

describe('a watch for the end', () => {
  test('is called once, whether the task ends before it, with a notice, or without one', async ({
    db,
    redisUrl,
    announcer,
  }) => {
    await using follower = openFollower({ db, url: redisUrl, pollMs: 50 });
    await using deaf = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    const task = await stageTask({ db });
    const ends = { early: 0, noticed: 0, late: 0 };
    follower.watchEnd(task.id, () => (ends.early += 1));
    deaf.watchEnd(task.id, () => (ends.noticed += 1));
    await expect.poll(() => [follower.taskCount, deaf.isRedisConnected]).toEqual([1, true]);
    const life = lifeOf(WORDS);
    for (const event of life) announcer.announce(await stageEvents({ db }, task, [event]));
    await expect.poll(() => [ends.early, ends.noticed]).toEqual([1, 1]);
    follower.watchEnd(task.id, () => (ends.late += 1));
    await expect.poll(() => ends.late).toBe(1);

    const silent = await stageTask({ db });
    const ended = new Promise((resolve) => void follower.watchEnd(silent.id, resolve));
    await stageEvents({ db }, silent, life);
    await expect(ended).resolves.toBeNull();
    expect([follower.taskCount, deaf.taskCount]).toEqual([0, 0]);
    expect(ends).toEqual({ early: 1, noticed: 1, late: 1 });
  });

  test('reads no event and shares its task with followers', async ({ db, redisUrl, announcer }) => {
    await using follower = openFollower({ db, url: redisUrl, pollMs: NO_POLL_MS });
    const task = await stageTask({ db });
    const ended = new Promise((resolve) => void follower.watchEnd(task.id, resolve));
    const followed = collect(follower, task.id);
    await expect.poll(() => follower.isRedisConnected).toBe(true);
    const all: TaskEvent[] = [];
    for (const event of lifeOf(WORDS)) {
      const events = await stageEvents({ db }, task, [event]);
      announcer.announce(events);
      all.push(...events);
    }
    expect(await followed).toEqual(all);
    await expect(ended).resolves.toBeNull();
  });

  test('reports a missing task, and nothing after it is disposed', async ({ db, redisUrl }) => {
    await using follower = openFollower({ db, url: redisUrl, pollMs: 50 });
    const failed = new Promise((resolve) => void follower.watchEnd('999', resolve));
    await expect(failed).resolves.toMatchObject({ kind: 'task_not_found' });

    const task = await stageTask({ db });
    let calls = 0;
    const watch = follower.watchEnd(task.id, () => (calls += 1));
    watch[Symbol.dispose]();
    expect(follower.taskCount).toBe(0);
    await stageEvents({ db }, task, lifeOf(WORDS));
    await new Promise((resolve) => void follower.watchEnd(task.id, resolve));
    expect(calls).toBe(0);
  });
});

describe('faults', () => {
  test('a Redis that dies and comes back empty loses no event', async ({ db }) => {
    await using redis = await startOwnRedis();
    await using announcer = openAnnouncer({ url: redis.url });
    await using follower = openFollower({ db, url: redis.url, pollMs: 200 });
    const task = await stageTask({ db });
    const life = lifeOf(Array.from({ length: 30 }, (_, index) => `w${index} `));
    const telling = follower.follow(task.id, 0, AbortSignal.timeout(25_000));
    const heard: TaskEvent[] = [];
    const all: TaskEvent[] = [];
    const step = async () => {
      const events = await stageEvents({ db }, task, life.slice(all.length, all.length + 1));
      all.push(...events);
      announcer.announce(events);
      heard.push((await telling.next()).value);
    };

    for (let count = 0; count < 10; count += 1) await step();
    await redis.kill();
    for (let count = 0; count < 5; count += 1) await step();
    await redis.restart({ empty: true });
    while (all.length < life.length) await step();

    expect(heard).toEqual(all);
    expect((await telling.next()).done).toBe(true);
  });

  test('after a restart of Redis notices bring events again', async ({ db }) => {
    await using redis = await startOwnRedis();
    await using announcer = openAnnouncer({ url: redis.url });
    await using follower = openFollower({ db, url: redis.url, pollMs: NO_POLL_MS });
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    const telling = follower.follow(task.id, 0, AbortSignal.timeout(25_000));
    await telling.next();
    await redis.kill();
    // Not announced: only the read after the reconnect can find it.
    const [missed] = await stageEvents({ db }, task, [{ type: 'task_assign', payload: null }]);
    await redis.restart({ empty: true });
    expect((await telling.next()).value).toEqual(missed);

    const next = telling.next();
    const events = await stageEvents({ db }, task, [{ type: 'task_accept', payload: null }]);
    await expect.poll(() => (announcer.announce(events), follower.isRedisConnected)).toBe(true);
    // The announcer may be back a moment later than the follower.
    const repeat = setInterval(() => announcer.announce(events), 50);
    expect((await next).value).toEqual(events[0]);
    clearInterval(repeat);
  });

  test('after its connection was lost without a reset notices bring events again', async ({
    db,
    redisUrl,
    announcer,
  }) => {
    await using proxy = await LossyProxy.start(redisUrl);
    await using follower = openFollower({ db, url: proxy.through(redisUrl), pollMs: NO_POLL_MS });
    const task = await stageTask({ db });
    await stageEvents({ db }, task, [{ type: 'task_queue', payload: null }]);
    const telling = follower.follow(task.id, 0, AbortSignal.timeout(25_000));
    await telling.next();
    proxy.lose();
    const events = await stageEvents({ db }, task, [{ type: 'task_assign', payload: null }]);
    announcer.announce(events);
    expect((await telling.next()).value).toEqual(events[0]);
  });

  test('without any Redis events arrive by the poll', async ({ db }) => {
    await using follower = openFollower({ db, url: 'redis://127.0.0.1:1', pollMs: 50 });
    await using announcer = openAnnouncer({ url: 'redis://127.0.0.1:1' });
    const task = await stageTask({ db });
    const telling = collect(follower, task.id);
    for (const event of lifeOf(WORDS)) {
      announcer.announce(await stageEvents({ db }, task, [event]));
    }

    expect((await telling).length).toBe(lifeOf(WORDS).length);
  });
});

async function collect(follower: Follower, taskId: string, after = 0): Promise<TaskEvent[]> {
  const events: TaskEvent[] = [];
  for await (const event of follower.follow(taskId, after, AbortSignal.timeout(20_000))) {
    events.push(event);
  }
  return events;
}

function output(raw: string): NewTaskEvent {
  return { type: 'task_output', payload: { raw, tokens: 1, elapsedMs: 20 } };
}

function untilReady(announcer: AsyncDisposable): Promise<void> {
  // Disposal sends pending notices.
  return Promise.resolve(announcer[Symbol.asyncDispose]());
}

function countQueries(db: Db): { db: Db; count(): number } {
  let queries = 0;
  const sql = new Proxy(db.sql, {
    apply: (target, self, args: unknown[]) => {
      queries += 1;
      return Reflect.apply(target, self, args) as unknown;
    },
  });
  return {
    db: { sql, orm: db.orm, [Symbol.asyncDispose]: () => db[Symbol.asyncDispose]() },
    count: () => queries,
  };
}
