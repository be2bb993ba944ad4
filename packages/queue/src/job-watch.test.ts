import { eventually, testWithRedis } from '@runfleet/testing';
import { expect } from 'vitest';

import { openExportJobs } from './export-jobs.ts';
import { openJobWatch } from './job-watch.ts';
import { openScheduledJobs } from './scheduled-jobs.ts';

const test = testWithRedis
  .extend('watch', ({ redisUrl }, { onCleanup }) => {
    const watch = openJobWatch({ url: redisUrl });
    onCleanup(() => watch[Symbol.asyncDispose]());
    return watch;
  })
  .extend('exports', ({ redisUrl }, { onCleanup }) => {
    const exports = openExportJobs({ url: redisUrl });
    onCleanup(() => exports[Symbol.asyncDispose]());
    return exports;
  })
  .extend('upkeep', ({ redisUrl }, { onCleanup }) => {
    const upkeep = openScheduledJobs({ url: redisUrl });
    onCleanup(() => upkeep[Symbol.asyncDispose]());
    return upkeep;
  });

test('the jobs of every queue are counted', async ({ watch, exports, upkeep }) => {
  const none = { waiting: 0, delayed: 0, active: 0, failed: 0 };
  await exports.add([{ task: 'write', id: 'a', attempt: 0 }]);
  await upkeep.schedule([{ name: 'sweep', everyMs: 60_000 }]);
  expect(await watch.readCounts()).toEqual([
    { queue: 'callbacks', ...none },
    { queue: 'upkeep', ...none, delayed: 1 },
    { queue: 'exports', ...none, waiting: 1 },
  ]);
});

test('a failed job is listed with its reason, and runs again when it is retried', async ({
  watch,
  upkeep,
}) => {
  const isBroken = { value: true };
  let runs = 0;
  await using _receiver = upkeep.receive(1, async () => {
    runs += 1;
    if (isBroken.value) throw new Error('No such table.');
    return 'done';
  });
  await upkeep.schedule([{ name: 'sweep', everyMs: 400 }]);
  const job = await eventually(async () => {
    const [first] = await watch.listFailed();
    if (!first) throw new Error('No job has failed.');
    return first;
  });
  expect(job).toMatchObject({ queue: 'upkeep', name: 'sweep', reason: 'No such table.' });
  await upkeep.schedule([]);
  isBroken.value = false;
  const before = runs;
  expect(await watch.retry(job)).toBe(true);
  await eventually(() => expect(runs).toBeGreaterThan(before));
  await eventually(async () => {
    expect((await watch.listFailed()).map(({ id }) => id)).not.toContain(job.id);
  });
});

test('a job that is unknown or has not failed is not retried', async ({ watch, exports }) => {
  await exports.add([{ task: 'write', id: 'a', attempt: 0 }]);
  expect(await watch.retry({ queue: 'exports', id: 'write-a-0' })).toBe(false);
  expect(await watch.retry({ queue: 'exports', id: 'nothing' })).toBe(false);
  expect(await watch.retry({ queue: 'constructor', id: 'x' })).toBe(false);
});
