import { aWorker, testWithTasks } from '@runfleet/tasks/testing';
import { expect, vi } from 'vitest';

import { captureOutput } from './testing.ts';
import { worker } from './worker-command.ts';

const output = captureOutput();

const test = testWithTasks.extend('id', async ({ store, databaseUrl }) => {
  vi.stubEnv('DATABASE_URL', databaseUrl);
  const loaded = { 'phi-3-5-mini-instruct': { bytes: 2_000_000 } };
  return (await aWorker(store, 4, { labels: ['gpu=H100', 'zone=a'], loaded })).workerId;
});

test('workers are listed with their state, labels and loaded models', async ({ id }) => {
  await worker(['list']);
  expect(output.out).toMatch(/WORKER +HOST +STATE +SLOTS +STRIKES +LABELS +LOADED/);
  expect(output.out).toContain(id.slice(0, 8));
  expect(output.out).toMatch(/a-host +ready +0\/4 +0 +gpu=H100,zone=a +phi-3-5-mini-instruct/);
  output.out = '';
  await worker(['list', '--json']);
  expect(JSON.parse(output.out)).toMatchObject([{ id, labels: ['gpu=H100', 'zone=a'] }]);
});

test('a worker is drained once, by the beginning of its id', async ({ id, db }) => {
  await worker(['drain', id.slice(0, 8)]);
  expect(output.out).toBe(`Worker ${id} takes no new tasks until its process is restarted.\n`);
  expect([...(await db.sql`select state from workers`)]).toEqual([{ state: 'draining' }]);
  await expect(worker(['drain', id])).rejects.toThrow('already takes no tasks');
  await expect(worker(['pardon', id])).rejects.toThrow(
    'is not in quarantine. It is drained. It takes tasks again when its process is restarted.',
  );
});

test('a quarantine is shown until a pardon ends it', async ({ id, db }) => {
  await expect(worker(['pardon', id])).rejects.toThrow('is not in quarantine');
  await db.sql`update workers set state = 'quarantined', strikes = 3, quarantined_until = 60`;
  await worker(['list', '--json']);
  expect(JSON.parse(output.out)).toMatchObject([{ strikes: 3, quarantinePulses: 60 }]);
  await worker(['pardon', id]);
  const rows = await db.sql`select state, strikes from workers`;
  expect([...rows]).toEqual([{ state: 'ready', strikes: 0 }]);
});

test('an unknown worker and an ambiguous id are errors that name it', async ({ id, store, db }) => {
  const { workerId } = await aWorker(store);
  const other = `${id.slice(0, 4)}${workerId.slice(4)}`;
  await db.sql`update workers set id = ${other} where id = ${workerId}`;
  await expect(worker(['drain', 'x'])).rejects.toThrow('There is no worker x');
  await expect(worker(['drain', id.slice(0, 4)])).rejects.toThrow('2 workers begin with');
});
