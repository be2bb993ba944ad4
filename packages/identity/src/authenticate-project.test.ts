import { testWithDb } from '@runfleet/db/testing';
import { MESSAGES } from '@runfleet/protocol';
import { describe, expect } from 'vitest';

import { authenticateProject } from './authenticate-project.ts';
import { createOrganisation } from './create-organisation.ts';
import { createProject } from './create-project.ts';
import { createUser } from './create-user.ts';
import { openMasterKey } from './master-key.ts';
import { ProjectCache } from './project-cache.ts';
import { revokeProject } from './revoke-project.ts';
import { signatureOf } from './signature.ts';

const NONCE = '1700000000';

const test = testWithDb.extend('tenant', async ({ db }) => {
  const masterKey = await openMasterKey({ hex: 'ab'.repeat(32), file: '' });
  const ctx = { db, masterKey };
  const { organisationId } = await createOrganisation(ctx, { name: 'Acme' });
  const { userId: ownerId } = await createUser(ctx, {
    email: 'owner@acme.test',
    password: 'correct horse',
    name: 'Owner',
    isOperator: false,
  });
  const make = async (authType: 'signature' | 'apikey', allowedIps?: string[]) => {
    const project = { organisationId, ownerId, name: 'Demo', authType };
    const created = await createProject(
      ctx,
      allowedIps === undefined ? project : { ...project, allowedIps },
    );
    return { ...created, apiSecret: created.apiSecret ?? '' };
  };
  const enter = (headers: Record<string, string>, ip = '203.0.113.9') =>
    authenticateProject(ctx, { headers: new Headers(headers), ip });
  return { ...ctx, organisationId, ownerId, make, enter };
});

function signed(project: { apiKey: string; apiSecret: string }, nonce = NONCE) {
  return {
    'x-api-key': project.apiKey,
    'x-nonce': nonce,
    'x-signature': signatureOf({ ...project, nonce }),
  };
}

test('a signed request is authenticated as its project', async ({ tenant }) => {
  const project = await tenant.make('signature');
  await expect(tenant.enter(signed(project))).resolves.toEqual({
    organisationId: tenant.organisationId,
    projectId: project.projectId,
    ownerId: tenant.ownerId,
    projectName: 'Demo',
  });
});

test('one nonce signs many calls, and a nonce may be any text', async ({ tenant }) => {
  const project = await tenant.make('signature');
  for (const nonce of [NONCE, NONCE, '1700000000000', '42', 'anything at all']) {
    await expect(tenant.enter(signed(project, nonce))).resolves.toBeDefined();
  }
});

test('the request of the shell sample under OpenSSL 3 is accepted', async ({ tenant }) => {
  const headers = signed(await tenant.make('signature'));
  const signature = `SHA2-256(stdin)= ${headers['x-signature']}`;
  await expect(tenant.enter({ ...headers, 'x-signature': signature })).resolves.toBeDefined();
});

test('an apikey project needs only its key', async ({ tenant }) => {
  const { apiKey } = await tenant.make('apikey');
  await expect(tenant.enter({ 'x-api-key': apiKey })).resolves.toBeDefined();
  await expect(tenant.enter({ authorization: `Bearer ${apiKey}` })).resolves.toBeDefined();
});

test('a bearer of key and secret needs no signature', async ({ tenant }) => {
  const { apiKey, apiSecret } = await tenant.make('signature');
  const bearer = `bearer ${apiKey}:${apiSecret}`;
  await expect(tenant.enter({ authorization: bearer })).resolves.toBeDefined();
});

describe('other forms of the same credential', () => {
  type Project = { apiKey: string; apiSecret: string };
  const base64 = (text: string) => Buffer.from(text).toString('base64');
  test.for<[string, (project: Project) => Record<string, string>]>([
    ['key:secret in x-api-key', (p) => ({ 'x-api-key': `${p.apiKey}:${p.apiSecret}` })],
    [
      'a bearer of base64',
      (p) => ({ authorization: `Bearer ${base64(`${p.apiKey}:${p.apiSecret}`)}` }),
    ],
    [
      'a signed key beside its bearer',
      (p) => ({ ...signed(p), authorization: `Bearer ${p.apiKey}` }),
    ],
    [
      'a key beside a bearer of key and secret',
      (p) => ({ 'x-api-key': p.apiKey, authorization: `Bearer ${p.apiKey}:${p.apiSecret}` }),
    ],
  ])('%s is accepted', async ([, headersOf], { tenant }) => {
    const project = await tenant.make('signature');
    await expect(tenant.enter(headersOf(project))).resolves.toBeDefined();
  });

  test.for<[string, (project: Project, other: Project) => Record<string, string>]>([
    ['another key', (p, other) => ({ ...signed(p), authorization: `Bearer ${other.apiKey}` })],
    [
      'another secret',
      (p, other) => ({
        'x-api-key': `${p.apiKey}:${p.apiSecret}`,
        authorization: `Bearer ${p.apiKey}:${other.apiSecret}`,
      }),
    ],
  ])('two headers with %s are refused', async ([, headersOf], { tenant }) => {
    const [project, other] = [await tenant.make('signature'), await tenant.make('signature')];
    await expect(tenant.enter(headersOf(project, other))).rejects.toMatchObject({
      kind: 'unauthorized',
    });
  });
});

describe('a refusal states its reason', () => {
  type Project = { apiKey: string; apiSecret: string };
  test.for<[string, (project: Project) => Record<string, string>, string]>([
    ['without headers', () => ({}), MESSAGES.unknownKey],
    ['an unknown key', () => ({ 'x-api-key': 'unknown' }), MESSAGES.unknownKey],
    [
      'an unknown key with a signature',
      (project) => ({ ...signed(project), 'x-api-key': 'unknown' }),
      MESSAGES.unknownKey,
    ],
    ['a basic login', () => ({ authorization: 'Basic YTpi' }), MESSAGES.unknownKey],
    [
      'a wrong signature',
      (project) => ({ ...signed(project), 'x-signature': 'f'.repeat(64) }),
      MESSAGES.badSignature,
    ],
    [
      'a signature for another nonce',
      (project) => ({ ...signed(project), 'x-nonce': '2' }),
      MESSAGES.badSignature,
    ],
    ['no hex', (project) => ({ ...signed(project), 'x-signature': 'hi' }), MESSAGES.badSignature],
    [
      'no signature',
      (project) => ({ 'x-api-key': project.apiKey, 'x-nonce': NONCE }),
      MESSAGES.signatureRequired,
    ],
    ['no nonce', (project) => ({ ...signed(project), 'x-nonce': '' }), MESSAGES.signatureRequired],
    [
      'a bearer without the secret',
      (project) => ({ authorization: `Bearer ${project.apiKey}` }),
      MESSAGES.signatureRequired,
    ],
    [
      'a bearer with a wrong secret',
      (project) => ({ authorization: `Bearer ${project.apiKey}:wrong` }),
      MESSAGES.badSignature,
    ],
  ])('%s', async ([, headersOf, message], { tenant }) => {
    const project = await tenant.make('signature');
    await expect(tenant.enter(headersOf(project))).rejects.toMatchObject({
      kind: 'unauthorized',
      message,
    });
  });
});

test('an address that is not on the list is named in the refusal', async ({ tenant }) => {
  const { apiKey } = await tenant.make('apikey', ['203.0.113.9']);
  const headers = { 'x-api-key': apiKey };
  await expect(tenant.enter(headers, '203.0.113.9')).resolves.toBeDefined();
  await expect(tenant.enter(headers, '198.51.100.1')).rejects.toThrow(
    'Requested ip 198.51.100.1 is not allowed.',
  );
});

test('a revoked key is refused, by a process that cached it once the entry has expired', async ({
  tenant,
}) => {
  let nowMs = 0;
  const cache = new ProjectCache({ nowMs: () => nowMs });
  const { apiKey, projectId } = await tenant.make('apikey');
  const request = { headers: new Headers({ 'x-api-key': apiKey }), ip: '' };
  await authenticateProject({ ...tenant, cache }, request);
  await revokeProject(tenant, { organisationId: tenant.organisationId, projectId });

  await expect(authenticateProject(tenant, request)).rejects.toThrow(MESSAGES.unknownKey);
  await expect(authenticateProject({ ...tenant, cache }, request)).resolves.toBeDefined();
  nowMs = 5000;
  await expect(authenticateProject({ ...tenant, cache }, request)).rejects.toThrow(
    MESSAGES.unknownKey,
  );
});

test('neither key nor secret is readable in the database', async ({ tenant }) => {
  const { apiKey, apiSecret } = await tenant.make('signature');
  const rows = await tenant.db.sql`select projects::text as row from projects`;
  const stored = JSON.stringify(rows);
  for (const secret of [apiKey, apiSecret]) {
    expect(stored).not.toContain(secret);
    expect(stored).not.toContain(Buffer.from(secret).toString('hex'));
  }
});

test('an organisation can revoke only its own projects', async ({ tenant }) => {
  const { apiKey, projectId } = await tenant.make('apikey');
  const other = await createOrganisation(tenant, { name: 'Other' });
  await revokeProject(tenant, { organisationId: other.organisationId, projectId });
  await expect(tenant.enter({ 'x-api-key': apiKey })).resolves.toBeDefined();
});
