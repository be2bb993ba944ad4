import { openExportJobs } from '@runfleet/queue';
import { testWithTasks } from '@runfleet/tasks/testing';
import { eventually } from '@runfleet/testing';
import { claimTurn, endTurn } from '@runfleet/upkeep';
import { expect, vi } from 'vitest';

import { job } from './job-command.ts';
import { captureOutput } from './testing.ts';

const output = captureOutput();

const test = testWithTasks.extend('exports', ({ databaseUrl, redisUrl }, { onCleanup }) => {
  vi.stubEnv('DATABASE_URL', databaseUrl);
  vi.stubEnv('REDIS_URL', redisUrl);
  const exports = openExportJobs({ url: redisUrl });
  onCleanup(() => exports[Symbol.asyncDispose]());
  return exports;
});

test('scheduled jobs are listed with their last outcome, and queues with their counts', async ({
  db,
  exports,
}) => {
  const turn = { name: 'sweep', slot: 60_000, limitSeconds: 60 };
  const claim = await claimTurn({ db }, turn);
  if (typeof claim === 'string' || !('attemptId' in claim)) throw new Error('Not claimed.');
  await endTurn({ db }, { ...turn, ...claim }, { changed: 7 });
  await exports.add([{ task: 'write', id: 'a', attempt: 0 }]);
  await job(['list']);
  expect(output.out).toMatch(/sweep +succeeded +\S+Z +7 +0/);
  expect(output.out).toMatch(/exports +1 +0 +0 +0/);
  output.out = '';
  await job(['list', '--json']);
  expect(JSON.parse(output.out)).toMatchObject({ upkeep: [{ name: 'sweep' }], failed: [] });
});

test('a failed job is listed with its reason, and runs again', async ({ exports }) => {
  const state = { isBroken: true, done: 0 };
  await using _receiver = exports.receive(1, async () => {
    if (state.isBroken) throw new Error('The disk is full.');
    state.done += 1;
    return 'done';
  });
  await exports.add([{ task: 'write', id: 'a', attempt: 0 }]);
  await eventually(async () => {
    output.out = '';
    await job(['list']);
    expect(output.out).toMatch(/exports +write-a-0 +\S+Z +3 +The disk is full\./);
  });
  state.isBroken = false;
  await job(['retry', 'exports', 'write-a-0']);
  await eventually(() => expect(state.done).toBe(1));
  await expect(job(['retry', 'exports', 'write-a-0'])).rejects.toThrow('no failed job');
  await expect(job(['retry', 'nothing', 'x'])).rejects.toThrow('no failed job');
});
