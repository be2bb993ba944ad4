import { testWithDb } from '@runfleet/db/testing';
import { expect } from 'vitest';

import { addMember } from './add-member.ts';
import { type Auth, CLIENT_IP_HEADER, createAuth } from './auth.ts';
import { createOrganisation } from './create-organisation.ts';
import { createUser } from './create-user.ts';
import { readSession } from './read-session.ts';

const ORIGIN = 'http://127.0.0.1:3100';
const USER = { email: 'Ada@Example.org', password: 'correct horse', name: 'Ada', isOperator: true };

const test = testWithDb.extend('auth', async ({ db }) => {
  await createUser({ db }, USER);
  return createAuth({ db, baseUrl: ORIGIN, secret: 'ab'.repeat(32), trustedOrigins: [] });
});

function post(auth: Auth, path: string, body: unknown, headers: Record<string, string> = {}) {
  return auth.handler(
    new Request(`${ORIGIN}/api/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN, ...headers },
      body: JSON.stringify(body),
    }),
  );
}

function signIn(auth: Auth, ip: string, password = USER.password) {
  return post(
    auth,
    'sign-in/email',
    { email: 'ada@example.org', password },
    { [CLIENT_IP_HEADER]: ip },
  );
}

function cookieOf(response: Response): Headers {
  const [cookie = ''] = (response.headers.getSetCookie()[0] ?? '').split(';');
  return new Headers({ cookie });
}

test('a user signs in, is recognised with memberships, and signs out', async ({ db, auth }) => {
  const { organisationId } = await createOrganisation({ db }, { name: 'Acme' });
  const [{ id: userId } = { id: '' }] = await db.sql<{ id: string }[]>`select id from users`;
  await addMember({ db }, { organisationId, userId, role: 'owner' });

  const response = await signIn(auth, '192.0.2.1');
  expect(response.status).toBe(200);
  expect(response.headers.get('set-cookie')).toMatch(/^runfleet\.session_token=.*HttpOnly/);
  const headers = cookieOf(response);
  await expect(readSession(auth, headers)).resolves.toEqual({
    userId,
    email: 'ada@example.org',
    name: 'Ada',
    isOperator: true,
    memberships: [{ organisationId, organisationName: 'Acme', role: 'owner' }],
  });

  await post(auth, 'sign-out', {}, { cookie: headers.get('cookie') ?? '' });
  await expect(readSession(auth, headers)).resolves.toBeNull();
});

test('a wrong password and a forged cookie are refused', async ({ auth }) => {
  expect((await signIn(auth, '192.0.2.2', 'wrong')).status).toBe(401);
  const forged = new Headers({ cookie: 'runfleet.session_token=abc.def' });
  await expect(readSession(auth, forged)).resolves.toBeNull();
});

test('signing up over HTTP is refused', async ({ db, auth }) => {
  const response = await post(auth, 'sign-up/email', { ...USER, email: 'eve@example.org' });
  expect(response.status).toBe(400);
  await expect(db.sql`select 1 from users`).resolves.toHaveLength(1);
});

test('a sign-in from a page of another origin is refused', async ({ auth }) => {
  const response = await post(
    auth,
    'sign-in/email',
    { email: 'ada@example.org', password: USER.password },
    { origin: 'https://evil.example', cookie: 'a=b', [CLIENT_IP_HEADER]: '192.0.2.5' },
  );
  expect(response.status).toBe(403);
});

test('a short or common password is refused and an address is taken once', async ({ db, auth }) => {
  expect(auth).toBeDefined();
  await expect(createUser({ db }, { ...USER, password: 'short' })).rejects.toThrow('8 characters');
  await expect(createUser({ db }, { ...USER, password: 'Password123' })).rejects.toThrow(
    'attackers try',
  );
  await expect(createUser({ db }, USER)).rejects.toThrow('users_email_unique');
  await expect(db.sql`select 1 from credentials`).resolves.toHaveLength(1);
});
