import { randomBytes } from 'node:crypto';

import { testWithTasks } from '@runfleet/tasks/testing';
import { expect, vi } from 'vitest';

import { captureOutput } from '../operate/testing.ts';
import { callback } from './callback-command.ts';

const output = captureOutput();

const test = testWithTasks.extend('project', async ({ tenant, databaseUrl }) => {
  vi.stubEnv('DATABASE_URL', databaseUrl);
  vi.stubEnv('MASTER_KEY', randomBytes(32).toString('hex'));
  return tenant.projectId;
});

async function run(...args: string[]): Promise<string> {
  output.out = '';
  await callback(args);
  return output.out;
}

test('a test is listed, shown and sent again once it is closed', async ({ project, db }) => {
  const of = ['--project', project];
  const sent = await run('test', 'https://example.org/hook', ...of, '--json');
  const { id } = JSON.parse(sent) as { id: string };
  expect(await run('list', ...of)).toMatch(new RegExp(`${id} +test +open +0 .*example.org/hook`));
  expect(JSON.parse(await run('list', '--status', 'failed', ...of, '--json'))).toEqual([]);
  await expect(run('redeliver', id, ...of)).rejects.toThrow('not closed');
  await db.sql`update callback_deliveries set state = 'failed', attempts = 1, closed_at = now()`;
  await db.sql`
    insert into callback_attempts (delivery_id, attempt, at, duration_ms, status, body)
    values (${id}, 1, now(), 12, 500, ${'Oh\u001b[31m'})`;
  expect(await run('show', id, ...of)).toMatch(/1 +\S+ +12 ms +500 +"Oh\\u001b\[31m"/);
  await run('redeliver', id, ...of);
  expect(JSON.parse(await run('show', id, ...of, '--json'))).toMatchObject({
    id,
    state: 'open',
    attempts: [{ status: 500 }],
  });
});

test('an endpoint is added, listed and removed', async ({ project }) => {
  const of = ['--project', project];
  const url = 'https://example.org/hook';
  const added = await run('add-endpoint', url, '--events', 'task.failed', ...of, '--json');
  const [{ id = '' } = {}] = JSON.parse(added) as { id?: string }[];
  expect(await run('endpoints', ...of)).toMatch(new RegExp(`${id} +task.failed +${url}`));
  await run('remove-endpoint', id, ...of);
  expect(JSON.parse(await run('endpoints', ...of, '--json'))).toEqual([]);
});

test('a secret is shown once', async ({ project }) => {
  expect(await run('rotate-secret', '--project', project)).toMatch(
    /^Callback secret +whsec_\S{44}/,
  );
});

test.for([
  [['list'], 'Give --project'],
  [['list', '--project', 'x'], 'is not an id'],
  [['list', '--project', '1', '--status', 'x'], '--status must be'],
  [['show', '--project', '1'], 'callback is missing'],
  [['add-endpoint', 'https://a.org', '--project', '1', '--events', 'x'], '--events must be'],
  [['remove-endpoint', '--project', '1'], 'endpoint is missing'],
  [['rotate-secret', '--project', '1', '--overlap', 'x'], '--overlap must be'],
] as const)('%j is wrong usage', async ([args, problem], { project }) => {
  expect(project).toBeDefined();
  await callback(args);
  expect(output.err).toContain(problem);
  expect(process.exitCode).toBe(2);
});

test.for([
  [['test', 'http://10.0.0.1/', '--project', '1'], 'not on the public internet'],
  [['remove-endpoint', 'x', '--project', '1'], 'no such endpoint'],
  [['show', 'x', '--project', '1'], 'no such callback'],
  [['rotate-secret', '--project', '999'], 'no project 999'],
] as const)('%j is refused', async ([args, problem], { project }) => {
  expect(project).toBeDefined();
  await expect(callback(args)).rejects.toThrow(problem);
});
