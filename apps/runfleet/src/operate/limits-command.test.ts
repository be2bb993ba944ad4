import { testWithDb } from '@runfleet/db/testing';
import { createTenant } from '@runfleet/tasks/testing';
import { expect, vi } from 'vitest';

import { limits } from './limits-command.ts';
import { captureOutput } from './testing.ts';

const output = captureOutput();

const test = testWithDb.extend('tenant', async ({ db, databaseUrl }) => {
  vi.stubEnv('DATABASE_URL', databaseUrl);
  return createTenant(db);
});

test('limits are set, listed and removed', async ({ tenant }) => {
  const { organisationId: id, projectId } = tenant;
  await limits(['set', id, 'spend', '10', '--per', 'day']);
  await limits(['set', id, 'spend', '2.5', '--per', 'month', '--key', projectId]);
  await limits(['set', id, 'active', '3', '--each-user']);
  output.out = '';
  await limits(['list', id]);
  expect(output.out).toMatch(
    /ID +LIMIT +OF +PERIOD +VALUE +USED\n\d+ +spend +organisation +day +10\.0+ +0\.0+\n\d+ +spend +key \d+ +month +2\.50+ +0\.0+\n\d+ +active +each user +now +3 +by user\n$/,
  );
  output.out = '';
  await limits(['set', id, 'spend', '12', '--per', 'day', '--json']);
  const [limit] = JSON.parse(output.out) as { id: string }[];
  expect(limit).toMatchObject({ level: 'organisation', value: '12.000000000000', isInForce: true });
  await limits(['remove', id, limit?.id ?? '']);
  output.out = '';
  await limits(['list', id, '--json']);
  expect(JSON.parse(output.out)).toHaveLength(2);
});

test.for([
  [['list'], 'organisation is missing'],
  [['set', '1', 'spend'], 'Give an organisation'],
  [['set', '1', 'size', '1'], 'spend or active'],
  [['set', '1', 'spend', '1'], 'Give --per day, week, month, total'],
  [['set', '1', 'spend', '-1', '--per', 'day'], 'Unknown option'],
  [['set', '1', 'spend', 'much', '--per', 'day'], '"much" is not'],
  [['set', '1', 'active', '1', '--per', 'day'], 'has no --per'],
  [['set', '1', 'active', '1', '--project', '2', '--user', 'ann'], 'Give one of'],
  [['remove', '1'], 'Give an organisation and a limit'],
] as const)('%j is wrong usage', async ([args, problem], { tenant }) => {
  expect(tenant).toBeDefined();
  await limits(args);
  expect(output.err).toContain(problem);
  expect(process.exitCode).toBe(2);
});

test('what does not exist is named', async ({ tenant: { organisationId: id } }) => {
  await expect(limits(['set', '999', 'active', '1'])).rejects.toThrow('no organisation 999');
  await expect(limits(['set', id, 'active', '1', '--project', '999'])).rejects.toThrow(
    'no project 999',
  );
  await expect(limits(['set', id, 'active', '1.5'])).rejects.toThrow('must be whole');
  await expect(limits(['remove', id, '999'])).rejects.toThrow('no limit 999');
});
