import { openExportJobs, openJobWatch } from '@runfleet/queue';
import { createMetrics } from '@runfleet/service';
import { claimTurn, endTurn } from '@runfleet/upkeep';
import { expect } from 'vitest';

import { brokerMetrics } from '../metrics.ts';
import { testWithBroker as test } from '../testing.ts';
import { measure } from './measure-jobs.ts';

test('jobs are measured by queue and state, and scheduled jobs by their failures', async ({
  db,
  redisUrl,
}) => {
  await using exports = openExportJobs({ url: redisUrl });
  await using watch = openJobWatch({ url: redisUrl });
  await exports.add([{ task: 'write', id: 'a', attempt: 0 }]);
  const turn = { name: 'sweep', slot: 60_000, limitSeconds: 60 };
  const claim = await claimTurn({ db }, turn);
  if (typeof claim === 'string' || !('attemptId' in claim)) throw new Error('Not claimed.');
  await endTurn({ db }, { ...turn, ...claim }, { error: 'No.', isTimeout: false });
  const metrics = createMetrics({ role: 'broker' });
  await measure({ db, watch, metrics: brokerMetrics(metrics) });
  const text = await metrics.text();
  expect(text).toMatch(/runfleet_broker_jobs\{.*queue="exports",state="waiting".*\} 1/);
  expect(text).toMatch(/runfleet_broker_upkeep_failures\{.*job="sweep".*\} 1/);
});
