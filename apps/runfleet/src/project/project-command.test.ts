import { testWithDb } from '@runfleet/db/testing';
import type { ProjectCache } from '@runfleet/identity';
import {
  authenticateProject,
  createOrganisation,
  openMasterKey,
  signatureOf,
} from '@runfleet/identity';
import { expect, vi } from 'vitest';

import { createOwnedOrganisation } from '../init/create-owned-organisation.ts';
import { captureOutput } from '../operate/testing.ts';
import { project } from './project-command.ts';

const MASTER_KEY = 'cd'.repeat(32);
const output = captureOutput();

type Made = { projectId: string; authType: string; apiKey: string; apiSecret: string | null };

const test = testWithDb.extend('tenant', async ({ db, databaseUrl }) => {
  vi.stubEnv('DATABASE_URL', databaseUrl);
  vi.stubEnv('MASTER_KEY', MASTER_KEY);
  const owner = { email: 'owner@acme.test', name: 'Owner', password: 'correct horse' };
  const { organisationId } = await createOwnedOrganisation(
    { db },
    { organisation: 'Acme', owner: { ...owner, isOperator: false }, deposited: 0n },
  );
  const ctx = { db, masterKey: await openMasterKey({ hex: MASTER_KEY, file: '' }) };
  const enter = (headers: Record<string, string>, cache?: ProjectCache) =>
    authenticateProject(cache ? { ...ctx, cache } : ctx, { headers: new Headers(headers), ip: '' });
  return { ...ctx, organisationId, enter };
});

async function answerOf<T>(...args: string[]): Promise<T> {
  output.out = '';
  await project([...args, '--json']);
  return JSON.parse(output.out) as T;
}

function signed({ apiKey, apiSecret }: Made): Record<string, string> {
  const signature = signatureOf({ apiKey, apiSecret: apiSecret ?? '', nonce: '1' });
  return { 'x-api-key': apiKey, 'x-nonce': '1', 'x-signature': signature };
}

test('an apikey project is created, and its key alone authenticates', async ({ tenant }) => {
  const made = await answerOf<Made>('create', '--name', 'n8n', '--auth', 'apikey');
  expect(made).toMatchObject({ authType: 'apikey', apiSecret: null });
  await expect(tenant.enter({ 'x-api-key': made.apiKey })).resolves.toMatchObject({
    projectId: made.projectId,
    organisationId: tenant.organisationId,
    projectName: 'n8n',
  });
});

test('key and secret are shown once, and the list shows neither', async ({ tenant }) => {
  await project(['create', '--name', 'Signed']);
  const [, key = ''] = /API key +(\S+)/.exec(output.out) ?? [];
  const [, secret = ''] = /API secret +(\S+)/.exec(output.out) ?? [];
  expect([key.length, secret.length]).toEqual([32, 48]);
  output.out = '';
  await project(['list']);
  expect(output.out).toMatch(
    /ID +PROJECT +AUTH +KEY[^]*Signed +signature +….{4} +\d+ Acme +owner@acme/,
  );
  expect(output.out).not.toContain(key);
  expect(await answerOf('list', '--organisation', tenant.organisationId)).toMatchObject([
    { name: 'Signed', authType: 'signature', keyHint: key.slice(-4), previousKeyUntil: null },
  ]);
  expect(await answerOf('list', '--organisation', '999')).toEqual([]);
});

test.for(['apikey', 'signature'] as const)(
  'a rotated %s project accepts the new key, and the old one only during the overlap',
  async (auth, { db, tenant }) => {
    const old = await answerOf<Made>('create', '--name', 'Rotated', '--auth', auth);
    const fresh = await answerOf<Made>('rotate', old.projectId, '--overlap', '3600');
    expect(fresh.projectId).toBe(old.projectId);
    await expect(tenant.enter(signed(fresh))).resolves.toBeDefined();
    await expect(tenant.enter(signed(old))).resolves.toBeDefined();
    // One key does not work with the secret of the other.
    if (auth === 'signature') {
      const mixed = signed({ ...old, apiSecret: fresh.apiSecret });
      await expect(tenant.enter(mixed)).rejects.toThrow('not valid');
    }
    await db.sql`update projects set previous_key_until = now()`;
    await expect(tenant.enter(signed(old))).rejects.toThrow('not founded');

    const newest = await answerOf<Made>('rotate', old.projectId);
    await expect(tenant.enter(signed(fresh))).rejects.toThrow('not founded');
    await expect(tenant.enter(signed(newest))).resolves.toBeDefined();
  },
);

test('a revoked project accepts neither of its keys', async ({ tenant }) => {
  const old = await answerOf<Made>('create', '--name', 'Gone', '--auth', 'apikey');
  const fresh = await answerOf<Made>('rotate', old.projectId, '--overlap', '60');
  await project(['revoke', old.projectId]);
  for (const each of [old, fresh]) {
    await expect(tenant.enter({ 'x-api-key': each.apiKey })).rejects.toThrow('not founded');
  }
  expect(await answerOf('list')).toEqual([]);
  await expect(project(['revoke', old.projectId])).rejects.toThrow('to revoke');
  await expect(project(['rotate', old.projectId])).rejects.toThrow('to rotate');
});

test.for([
  [['create'], '--name NAME'],
  [['create', '--name', ' '], '--name NAME'],
  [['create', '--name', 'x', '--auth', 'oauth'], '--auth must be signature or apikey'],
  [['rotate'], 'project is missing'],
  [['rotate', 'x'], '"x" is not an id'],
  [['rotate', '1', '--overlap', '-1'], '--overlap'],
  [['rotate', '1', '--overlap', '9999999'], '--overlap must be whole seconds'],
  [['revoke', '1', '2'], 'one too many'],
  [['list', '--organisation', 'x'], 'not an id'],
  [['burn'], 'no command "burn"'],
] as const)('%j is wrong usage', async ([args, problem], { tenant }) => {
  expect(tenant).toBeDefined();
  await project(args);
  expect(output.err).toContain(problem);
  expect(process.exitCode).toBe(2);
});

test('help goes to stdout', async () => {
  await project(['--help']);
  expect(output.out).toMatch(/create --name NAME[^]*rotate <project>[^]*revoke <project>/);
});

test('the owner and organisation of a new project must be unambiguous', async ({ db, tenant }) => {
  const stranger = ['create', '--name', 'x', '--owner', 'stranger@acme.test'];
  await expect(project(stranger)).rejects.toThrow('no member stranger@acme.test');
  const missing = ['create', '--name', 'x', '--organisation', '999'];
  await expect(project(missing)).rejects.toThrow('organisation 999');
  const { organisationId } = await createOrganisation({ db }, { name: 'Second' });
  await db.sql`
    insert into memberships (organisation_id, user_id, role)
    select ${organisationId}, id, 'member' from users`;
  await expect(project(['create', '--name', 'x'])).rejects.toThrow('several organisations');
  const made = await answerOf<Made>('create', '--name', 'x', '--organisation', organisationId);
  await expect(tenant.enter(signed(made))).resolves.toMatchObject({ organisationId });
});

test('nothing is created with a master key of another deployment', async ({ db, tenant }) => {
  expect(tenant).toBeDefined();
  await project(['create', '--name', 'First']);
  vi.stubEnv('MASTER_KEY', 'ef'.repeat(32));
  await expect(project(['create', '--name', 'Second'])).rejects.toThrow('master key');
  vi.stubEnv('MASTER_KEY', '');
  vi.stubEnv('MASTER_KEY_FILE', '/nowhere/master.key');
  await expect(project(['create', '--name', 'Third'])).rejects.toThrow('There is no master key');
  expect([...(await db.sql`select name from projects`)]).toEqual([{ name: 'First' }]);
});
