import { testWithDb } from '@runfleet/db/testing';
import { createOrganisation } from '@runfleet/identity';
import { expect, vi } from 'vitest';

import { tenant } from './tenant-command.ts';
import { captureOutput } from './testing.ts';

const output = captureOutput();

const test = testWithDb.extend('id', async ({ db, databaseUrl }) => {
  vi.stubEnv('DATABASE_URL', databaseUrl);
  return (await createOrganisation({ db }, { name: 'Acme' })).organisationId;
});

test('a share is set and shown', async ({ id }) => {
  await tenant(['set', id, '--weight', '2.5', '--running-limit', '8']);
  expect(output.out).toMatch(/ID +ORGANISATION +WEIGHT +RUNNING LIMIT[^]*Acme +2\.5 +8/);
  output.out = '';
  await tenant(['set', id, '--running-limit', 'none', '--json']);
  expect(JSON.parse(output.out)).toEqual({
    id,
    name: 'Acme',
    weight: 2.5,
    runningLimit: null,
    projects: [],
  });
  output.out = '';
  await tenant(['list', '--json']);
  expect(JSON.parse(output.out)).toMatchObject([{ id, weight: 2.5 }]);
});

test.for([
  [['set'], 'organisation is missing'],
  [['set', '1'], 'Give --weight, --running-limit or both'],
  [['set', '1', '--weight', 'much'], '--weight must be a number'],
  [['set', '1', '--running-limit', '-1'], 'running-limit'],
  [['overflow', '1'], 'Give a project, and reject or queue'],
] as const)('%j is wrong usage', async ([args, problem], { id }) => {
  expect(id).toBeDefined();
  await tenant(args);
  expect(output.err).toContain(problem);
  expect(process.exitCode).toBe(2);
});

test('a database URL that is none is named as the setting, without its value', async ({ id }) => {
  expect(id).toBeDefined();
  vi.stubEnv('DATABASE_URL', 'hidden');
  const error = await tenant(['list']).catch(String);
  expect(error).toContain('DATABASE_URL');
  expect(error).not.toContain('hidden');
});

test('a missing id and a value out of range are named', async ({ id }) => {
  await expect(tenant(['set', '999', '--weight', '2'])).rejects.toThrow('no organisation 999');
  await expect(tenant(['set', id, '--weight', '0'])).rejects.toThrow('between 0.01 and 100');
  await expect(tenant(['overflow', '999', 'queue'])).rejects.toThrow('no project 999');
});
