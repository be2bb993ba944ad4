import { expect, test } from 'vitest';

import { hashKey, type KeyedProject } from './keyed-project.ts';
import { ProjectCache } from './project-cache.ts';

const KEY = hashKey('key');

function aProject(projectName: string): KeyedProject {
  return {
    principal: { organisationId: '1', projectId: '2', ownerId: '3', projectName },
    authType: 'apikey',
    secret: null,
    allowedIps: null,
  };
}

function aLoader(answers: (KeyedProject | null)[]) {
  const loaded: Buffer[] = [];
  const load = async (keyHash: Buffer) => {
    loaded.push(keyHash);
    return answers[loaded.length - 1] ?? null;
  };
  return { load, loaded };
}

test('concurrent calls share one query', async () => {
  const cache = new ProjectCache();
  const { load, loaded } = aLoader([aProject('a')]);
  await Promise.all([cache.read(KEY, load), cache.read(KEY, load)]);
  expect(loaded).toHaveLength(1);
});

test('a revoked key is refused once its entry has expired', async () => {
  let nowMs = 0;
  const cache = new ProjectCache({ ttlMs: 5000, nowMs: () => nowMs });
  const { load, loaded } = aLoader([aProject('a'), null]);
  await cache.read(KEY, load);
  nowMs = 4999;
  await expect(cache.read(KEY, load)).resolves.not.toBeNull();
  nowMs = 5000;
  await expect(cache.read(KEY, load)).resolves.toBeNull();
  expect(loaded).toHaveLength(2);
});

test('an unknown key is queried again, and works once it exists', async () => {
  const cache = new ProjectCache();
  const { load } = aLoader([null, aProject('a')]);
  await expect(cache.read(KEY, load)).resolves.toBeNull();
  await expect(cache.read(KEY, load)).resolves.not.toBeNull();
});

test('a failed query is not cached', async () => {
  const cache = new ProjectCache();
  const away = new Error('database away');
  await expect(cache.read(KEY, () => Promise.reject(away))).rejects.toBe(away);
  await expect(cache.read(KEY, async () => aProject('a'))).resolves.not.toBeNull();
});

test('the number of entries is bounded; the oldest is dropped first', async () => {
  const cache = new ProjectCache({ entriesMax: 2 });
  const { load, loaded } = aLoader(Array.from({ length: 9 }, () => aProject('a')));
  for (const key of ['a', 'b', 'c', 'c', 'b', 'a']) await cache.read(hashKey(key), load);
  expect(loaded).toHaveLength(4);
});
