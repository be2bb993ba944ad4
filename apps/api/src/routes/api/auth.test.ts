import { addMember, createUser } from '@runfleet/identity';
import { expect } from 'vitest';

import { ORIGIN, testWithApi as test } from '../../testing.ts';

const PASSWORD = 'correct horse';

const signInTest = test
  .extend('email', async ({ api, tenant }) => {
    const email = 'ada@example.org';
    const person = { email, password: PASSWORD, name: 'Ada', isOperator: false };
    const { userId } = await createUser(api.ctx, person);
    await addMember(api.ctx, { organisationId: tenant.organisationId, userId, role: 'member' });
    return email;
  })
  .extend('post', async ({ api }) => (ip: string, path: string, body: unknown, headers = {}) => {
    const init = {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: ORIGIN, ...headers },
      body: JSON.stringify(body),
    };
    const incoming = { socket: { remoteAddress: ip } };
    return api.app.request(`/api/auth/${path}`, init, { incoming });
  })
  .extend('guess', async ({ post, email }) => async (ip: string, password = 'wrong') => {
    const { status } = await post(ip, 'sign-in/email', { email, password });
    return status;
  });

signInTest(
  'guesses at one account from ten addresses are limited, and its owner can sign in',
  async ({ guess }) => {
    expect(await guess('192.0.2.99', PASSWORD)).toBe(200);
    const statuses = [];
    for (let n = 0; n < 120; n++) statuses.push(await guess(`192.0.2.${n % 10}`));
    expect(statuses.filter((status) => status === 401)).toHaveLength(50);
    expect(statuses.filter((status) => status === 429)).toHaveLength(70);
    expect(await guess('192.0.2.99', PASSWORD)).toBe(200);
  },
);

signInTest(
  'of a hundred concurrent sign-ins few wait; the rest are refused with a retry time',
  async ({ post, guess }) => {
    const attempt = async (n: number) =>
      post(`192.0.2.${n}`, 'sign-in/email', { email: `${n}@example.org`, password: 'wrong' });
    const answers = await Promise.all(Array.from({ length: 100 }, (_, n) => attempt(n)));
    const refused = answers.filter(({ status }) => status === 503);
    expect(refused.length).toBe(84);
    expect(refused[0]?.headers.get('retry-after')).toBe('2');
    await expect(refused[0]?.json()).resolves.toMatchObject({
      errors: [{ code: 0 }],
      result: false,
    });
    expect(await guess('192.0.2.1', PASSWORD)).toBe(200);
  },
);

signInTest(
  'an unknown account is refused like a wrong password, in the same time',
  async ({ post, email }) => {
    const spent = { known: Infinity, unknown: Infinity };
    for (let n = 0; n < 4; n++) {
      for (const [kind, address] of [
        ['known', email],
        ['unknown', 'eve@example.org'],
      ] as const) {
        const startedMs = performance.now();
        const answer = await post(`192.0.2.${n}`, 'sign-in/email', {
          email: address,
          password: 'no',
        });
        spent[kind] = Math.min(spent[kind], performance.now() - startedMs);
        expect(answer.status).toBe(401);
      }
    }
    expect(spent.unknown).toBeGreaterThan(spent.known / 2);
    expect(spent.known).toBeGreaterThan(spent.unknown / 2);
  },
);

signInTest(
  'a new password must not be a common one, and guesses at the old one are limited',
  async ({ post, email, guess }) => {
    const signedIn = await post('192.0.2.1', 'sign-in/email', { email, password: PASSWORD });
    const cookie = signedIn.headers.getSetCookie()[0]?.split(';', 1)[0] ?? '';
    const change = (currentPassword: string, newPassword: string) =>
      post('192.0.2.1', 'change-password', { currentPassword, newPassword }, { cookie });

    const common = await change(PASSWORD, 'Password123');
    await expect(common.json()).resolves.toMatchObject({
      errors: [{ message: expect.stringContaining('first that attackers try') }],
    });
    const statuses = [];
    for (let n = 0; n < 7; n++) statuses.push((await change('wrong', 'another horse')).status);
    expect(statuses).toEqual([400, 400, 400, 400, 400, 429, 429]);
    expect(await guess('192.0.2.2', PASSWORD)).toBe(200);
  },
);

signInTest(
  'a malformed account or password is refused before it is looked up',
  async ({ post, api }) => {
    for (const body of [
      {},
      { email: 1, password: 'x' },
      { email: 'a\0@example.org', password: 'x' },
      { email: `${'a'.repeat(300)}@example.org`, password: 'x' },
      { email: 'a@example.org', password: 'x'.repeat(10_000) },
    ]) {
      const answer = await post('192.0.2.1', 'sign-in/email', body);
      await expect(answer.json()).resolves.toMatchObject({ errors: [{ code: 0 }], result: false });
    }
    expect(api.lines.filter((line) => line['level'] === 'error')).toEqual([]);
  },
);

test('only the calls that the dashboard needs are served', async ({ api }) => {
  for (const path of ['sign-up/email', 'delete-user', 'update-user', 'sign-in/social']) {
    const init = { method: 'POST', headers: { origin: ORIGIN }, body: '{}' };
    expect((await api.request(`/api/auth/${path}`, init)).status).toBe(404);
  }
});

test('sign-in is limited by address, and a client cannot choose its address', async ({ api }) => {
  const incoming = { socket: { remoteAddress: '192.0.2.77' } };
  const attempt = async (guess: number) => {
    const init = {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: ORIGIN,
        'x-runfleet-client-ip': `192.0.2.${guess}`,
        'x-forwarded-for': `192.0.2.${guess}`,
      },
      body: JSON.stringify({ email: 'a@example.org', password: 'wrong' }),
    };
    return api.app.request('/api/auth/sign-in/email', init, { incoming });
  };
  const answers = await Promise.all(Array.from({ length: 21 }, (_, guess) => attempt(guess)));
  const refused = answers.find((answer) => answer.status === 429);
  expect(refused?.headers.get('retry-after')).toMatch(/^\d+$/);
  await expect(refused?.json()).resolves.toMatchObject({ result: false });
});

test('sign-in refuses a large body', async ({ api }) => {
  const init = { method: 'POST', headers: { origin: ORIGIN }, body: 'x'.repeat(20_000) };
  expect((await api.request('/api/auth/sign-in/email', init)).status).toBe(413);
});
