import { FairQueue, type FairTask, KEYS_AT_REST_MAX } from '@runfleet/scheduler';
import { seededRandom } from '@runfleet/scheduler/testing';
import { testWithRedis } from '@runfleet/testing';
import { Redis } from 'ioredis';
import { describe, expect } from 'vitest';

import { FairIndex, type PickedTask } from './fair-index.ts';

const test = testWithRedis
  .extend('redis', ({ redisUrl }, { onCleanup }) => {
    const redis = new Redis(redisUrl);
    onCleanup(() => redis.disconnect());
    return redis;
  })
  .extend('index', async ({ redis }) => {
    const index = new FairIndex(redis);
    await index.writeMark('p', 'm');
    return index;
  });

const NOW = 1_700_000_000_000;

const task = (
  organisationId: string,
  taskId: number,
  changes: Partial<FairTask> = {},
): FairTask => ({
  organisationId,
  taskId: String(taskId),
  fairnessKey: '',
  priority: 0,
  cost: 1_000,
  queuedAt: NOW,
  weight: 1,
  runningLimit: null,
  ...changes,
});

const nameOf = ({ organisationId, taskId }: PickedTask) => organisationId + taskId;

test('tenants take turns, and within a tenant tasks are first in, first out', async ({ index }) => {
  await index.insert('p', [task('a', 10), task('a', 1), task('a', 2), task('b', 3), task('c', 4)]);
  const picked = await index.pick('p', 'm', 10);
  expect(picked?.map(nameOf)).toEqual(['a1', 'b3', 'c4', 'a2', 'a10']);
});

test('a picked task carries its charge', async ({ index }) => {
  const given = task('a', 1, { fairnessKey: 'x', cost: 1_500, weight: 0.3, priority: 9 });
  await index.insert('p', [given]);
  const { organisationId, taskId, fairnessKey, cost, weight, queuedAt } = given;
  const charged = { organisationId, taskId, fairnessKey, cost, weight, queuedAt };
  expect(await index.pick('p', 'm', 1)).toEqual([charged]);
  expect(await index.listRunning('p', '0')).toEqual({ tasks: [charged], next: null });
});

test('a task that is offered twice is picked once, even while it runs', async ({ index }) => {
  expect(await index.insert('p', [task('a', 1), task('a', 1)])).toBe(1);
  expect(await index.insert('p', [task('a', 1)])).toBe(0);
  expect(await index.pick('p', 'm', 10)).toHaveLength(1);
  expect(await index.insert('p', [task('a', 1)])).toBe(0);
  expect(await index.pick('p', 'm', 10)).toEqual([]);
});

test('under another mark nothing is picked, so that an unknown index is never trusted', async ({
  index,
}) => {
  await index.insert('p', [task('a', 1)]);
  expect(await index.pick('p', 'other', 1)).toBeNull();
  expect(await index.pick('p', 'm', 1)).toHaveLength(1);
});

test('lanes are independent', async ({ index }) => {
  await index.writeMark('q', 'm');
  await index.insert('p', [task('a', 1)]);
  expect(await index.pick('q', 'm', 1)).toEqual([]);
  await index.clear('q');
  expect(await index.pick('p', 'm', 1)).toHaveLength(1);
});

test('when all tasks are gone, only the mark is left', async ({ index, redis }) => {
  const tasks = Array.from({ length: 300 }, (_, i) =>
    task(`o${i % 40}`, i, { fairnessKey: i % 3 === 0 ? 'x' : '', runningLimit: i % 5 || null }),
  );
  await index.insert('p', tasks);
  for (let left = tasks.length; left > 0;) {
    const picked = (await index.pick('p', 'm', 64)) ?? [];
    await index.change('p', [
      { do: 'release', tasks: picked.map((one) => ({ ...one, usedMs: 7 * one.cost })) },
    ]);
    left -= picked.length;
  }
  expect(await redis.keys('*')).toEqual(['runfleet:{p}:mark']);
});

test('clear deletes everything, however much there is', async ({ index, redis }) => {
  const tasks = Array.from({ length: 2_000 }, (_, i) =>
    task(`o${i % 500}`, i, { fairnessKey: `k${i % 7}`, runningLimit: i % 3 }),
  );
  // One tenant has more keys than a step deletes.
  const keys = Array.from({ length: 300 }, (_, i) =>
    task('o1', 5_000 + i, { fairnessKey: `k${i}` }),
  );
  await index.insert('p', [...tasks, ...keys]);
  await index.pick('p', 'm', 128);
  await index.clear('p');
  expect(await redis.keys('*')).toEqual([]);
});

describe('every key may vanish', () => {
  const lines = ['q:a:', 'q:a:x', 'q:b:'];
  const keys = ['turns', 'tenants', 'queued', 'running', 'counts', 'clock', 'rests', 'k:a', 'i:a'];
  for (const key of [...keys, ...lines, 'ages', 'seconds', 'mark']) {
    test(`after the loss of ${key} all tasks are still picked, once the index is filled again`, async ({
      index,
      redis,
    }) => {
      const tasks = Array.from({ length: 30 }, (_, i) => {
        const fairnessKey = i % 4 === 0 ? ['x', 'y', 'z'][i % 3] : '';
        return task(i % 2 === 0 ? 'a' : 'b', i, { fairnessKey: fairnessKey ?? '' });
      });
      await index.insert('p', tasks.slice(0, 20));
      const waiting = new Map(tasks.map((one) => [one.taskId, one]));
      const take = (picked: readonly PickedTask[]) => {
        for (const { taskId } of picked) waiting.delete(taskId);
      };
      take((await index.pick('p', 'm', 6)) ?? []);
      await redis.del(`runfleet:{p}:${key}`);

      await index.insert('p', tasks.slice(20));
      // As a leader does: read the load, pick, and fill again if the mark is gone.
      for (let look = 0; look < 40 && waiting.size > 0; look++) {
        await index.readLoad('p');
        const picked = await index.pick('p', 'm', 3);
        if (picked === null) {
          await index.clear('p');
          await index.writeMark('p', 'm');
          await index.insert('p', [...waiting.values()]);
        } else {
          take(picked);
          await index.change('p', [
            { do: 'release', tasks: picked.map((one) => ({ ...one, usedMs: one.cost })) },
          ]);
        }
      }
      expect([...waiting.keys()]).toEqual([]);
    });
  }
});

test('all running tasks are listed, in bounded pages', async ({ index }) => {
  const tasks = Array.from({ length: 1_000 }, (_, i) => task(`o${i % 9}`, i));
  expect(await index.restoreRunning('p', tasks)).toBe(1_000);
  const seen = new Set<string>();
  let cursor: string | null = '0';
  while (cursor !== null) {
    const page = await index.listRunning('p', cursor);
    expect(page.tasks.length).toBeLessThan(600);
    for (const { taskId } of page.tasks) seen.add(taskId);
    cursor = page.next;
  }
  expect(seen.size).toBe(1_000);
});

test('the load of a lane counts queued and running tasks, and gives the oldest wait', async ({
  index,
}) => {
  expect(await index.readLoad('p')).toEqual({
    queued: 0,
    running: 0,
    tenants: 0,
    oldestQueuedAt: null,
  });
  await index.insert('p', [
    task('a', 1, { queuedAt: NOW, runningLimit: 1 }),
    task('a', 2, { queuedAt: NOW + 2_500, priority: 60, runningLimit: 1 }),
    task('b', 3, { queuedAt: NOW + 4_000 }),
  ]);
  // Its head start lets task 2 go first; the oldest is task 1, whose tenant is then parked.
  await index.pick('p', 'm', 1);
  expect(await index.readLoad('p')).toEqual({
    queued: 2,
    running: 1,
    tenants: 2,
    oldestQueuedAt: NOW,
  });
});

describe('places', () => {
  test('places are exact for up to 64 tenants with equal tasks', async ({ index }) => {
    const reference = new FairQueue();
    const tasks = Array.from({ length: 600 }, (_, i) =>
      task(`o${(i * i) % 50}`, i, { queuedAt: NOW + i }),
    );
    for (const one of tasks) reference.insert(one);
    await index.insert('p', tasks);
    const asked = tasks.filter((_, i) => i % 7 === 0);
    const places = await index.readPlaces('p', asked);
    for (const [at, { taskId }] of asked.entries()) {
      const exact = reference.readPlace(taskId);
      const found = places[at];
      expect(found?.place).toBe(exact?.place);
      expect(found?.ownWorkMs).toBe(exact?.ownWorkMs);
      // Between tenants with equal tags the name decides, which the estimate does not consider.
      expect(Math.abs((found?.othersWorkMs ?? 0) - (exact?.othersWorkMs ?? 0))).toBeLessThanOrEqual(
        50_000,
      );
    }
  });

  test('places are approximate for many tenants, keys, weights and costs', async ({ index }) => {
    const random = seededRandom(5);
    const below = (n: number) => Math.floor(random() * n);
    const reference = new FairQueue();
    const weights = Array.from({ length: 300 }, () => 1 + below(4));
    const tasks = Array.from({ length: 4_000 }, (_, i) => {
      const tenant = Math.floor(random() ** 2 * 300);
      return task(`o${tenant}`, i, {
        fairnessKey: tenant % 3 === 0 ? `k${below(5)}` : '',
        cost: 500 + below(20_000),
        weight: weights[tenant] ?? 1,
        queuedAt: NOW + i,
      });
    });
    for (const one of tasks) reference.insert(one);
    await index.insert('p', tasks);
    const asked = tasks.filter((_, i) => i % 160 === 0);
    const places = await index.readPlaces('p', asked);
    const errors = asked.map(({ taskId }, at) => {
      const exact = reference.readPlace(taskId);
      const found = places[at];
      const [is, says] = [exact, found].map(
        (one) => (one?.ownWorkMs ?? 0) + (one?.othersWorkMs ?? 0),
      );
      return Math.abs((says ?? 0) - (is ?? 0)) / Math.max(is ?? 0, 1_000_000);
    });
    const sorted = errors.toSorted((one, other) => one - other);
    expect(sorted[Math.floor(sorted.length / 2)]).toBeLessThan(0.1);
    expect(sorted.at(-1)).toBeLessThan(0.35);
  });

  test('a task that is not queued has no place', async ({ index }) => {
    await index.insert('p', [task('a', 1), task('a', 2)]);
    await index.pick('p', 'm', 1);
    const asked = [task('a', 1), task('a', 2), task('a', 3), task('b', 4)];
    expect(await index.readPlaces('p', asked)).toEqual([
      null,
      { place: 0, ownWorkMs: 0, othersWorkMs: 0 },
      null,
      null,
    ]);
  });
});

test('of a busy tenant with a new user per task, a bounded number of keys is kept, as in the reference', async ({
  index,
  redis,
}) => {
  const reference = new FairQueue();
  const users = Array.from({ length: KEYS_AT_REST_MAX + 200 }, (_, n) => `user-${n}`);
  const first = [task('a', 1), ...users.map((fairnessKey, n) => task('a', n + 2, { fairnessKey }))];
  // The keys of the longest runs are kept.
  const releases = first
    .slice(1)
    .map((one, n) => ({ ...one, usedMs: 2_000 + ((n * 7_919) % 9_973) }));
  await index.insert('p', first);
  for (const one of first) reference.insert(one);
  for (let at = 0; at < first.length; at += 100) {
    const picked = (await index.pick('p', 'm', 100)) ?? [];
    expect(picked.map(nameOf)).toEqual(picked.map(() => nameOf(must(reference.pick()))));
  }
  await index.change('p', [{ do: 'release', tasks: releases }]);
  for (const { taskId, usedMs } of releases) reference.release(taskId, usedMs);
  expect(await redis.zcard('runfleet:{p}:i:a')).toBe(KEYS_AT_REST_MAX);

  const again = users.map((fairnessKey, n) => task('a', 10_000 + n, { fairnessKey }));
  await index.insert('p', again);
  for (const one of again) reference.insert(one);
  for (let at = 0; at < again.length; at += 100) {
    const picked = (await index.pick('p', 'm', 100)) ?? [];
    expect(picked.map(nameOf)).toEqual(picked.map(() => nameOf(must(reference.pick()))));
  }
});

function must<T>(value: T | null): T {
  if (value === null) throw new Error('The reference has no more tasks.');
  return value;
}
