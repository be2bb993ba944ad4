import { MODELS, slugOf } from '@runfleet/catalog';
import { expect } from 'vitest';

import { RUN, testWithApi as test } from '../../../testing.ts';

test('a session reads its user, the projects and the account of its organisation', async ({
  api,
  tenant,
}) => {
  await api.call(tenant, RUN, { prompt: 'a' });
  const headers = await api.signIn(tenant.organisationId);
  const { status, body } = await api.request('/api/v1/me', { headers });
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      user: {
        id: expect.any(String),
        email: expect.stringContaining('@example.org'),
        name: 'Ada',
        isOperator: false,
      },
      organisation: { id: tenant.organisationId, name: 'Acme' },
      projects: [
        {
          id: tenant.projectId,
          name: 'Demo',
          authType: 'signature',
          keyHint: tenant.apiKey.slice(-4),
        },
      ],
      account: { balance: '1000.000000000000', held: '0.175500000000', activeTasks: 1 },
      socketUrl: 'ws://127.0.0.1:3101/v1',
      served: Object.fromEntries(MODELS.map((model) => [slugOf(model), []])),
    },
  });
});
