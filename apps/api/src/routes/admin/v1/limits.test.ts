import { expect } from 'vitest';

import { RUN } from '../../../testing.ts';
import { testWithOperator as test } from './testing.ts';

test('an operator sets, reads and removes a limit, and its owner reads it', async ({
  api,
  operator,
  tenant,
}) => {
  const path = `/admin/v1/limits/${tenant.organisationId}`;
  const limit = { level: 'organisation', kind: 'spend', period: 'day' };
  await operator.post(path, { ...limit, value: '0.2' });
  await api.call(tenant, RUN, { prompt: 'Hello' });
  expect(await api.call(tenant, RUN, { prompt: 'Hello' })).toMatchObject({ status: 402 });
  const expected = {
    ...limit,
    id: expect.stringMatching(/^\d+$/),
    subject: '',
    value: '0.200000000000',
    used: '0.175500000000',
    isInForce: true,
    resetsat: expect.stringMatching(/^\d{10}$/),
  };
  const { headers } = operator;
  const { body } = await api.request(path, { headers });
  expect(body).toEqual({ errors: [], limits: [expected], result: true });
  const own = await api.signIn(tenant.organisationId);
  expect((await api.request('/api/v1/limits', { headers: own })).body).toEqual(body);
  const [{ id }] = body['limits'] as [{ id: string }];
  await operator.post(`${path}/${id}/remove`, {});
  expect((await api.request(path, { headers })).body).toMatchObject({ limits: [] });
});

test('only an operator changes limits, and what is wrong is named', async ({
  api,
  operator,
  tenant,
}) => {
  const path = `/admin/v1/limits/${tenant.organisationId}`;
  const headers = await api.signIn(tenant.organisationId);
  const limit = { level: 'organisation', kind: 'active', period: 'now', value: '3' };
  for (const call of [path, `${path}/1/remove`]) {
    const body = JSON.stringify(limit);
    const answer = await api.request(call, { method: 'POST', headers, body });
    expect(answer.status).toBe(403);
  }
  expect((await api.request(path, { headers })).status).toBe(403);
  const refusal = async (to: string, body: object) => (await operator.post(to, body)).body;
  expect(await refusal(path, { ...limit, value: -1 })).toMatchObject({
    errors: [{ message: expect.stringContaining('[value]') }],
  });
  expect(await refusal(path, { ...limit, period: 'day' })).toMatchObject({
    errors: [{ message: 'A limit of kind active needs the period now.' }],
  });
  expect(await refusal('/admin/v1/limits/999', limit)).toMatchObject({
    errors: [{ message: 'There is no organisation 999.' }],
  });
  expect(await refusal(`${path}/999/remove`, {})).toMatchObject({
    errors: [{ message: 'The organisation has no limit 999.' }],
  });
});
