import { expect } from 'vitest';

import { RUN } from '../../../testing.ts';
import { testWithOperator as test } from './testing.ts';

test('a project with overflow "queue" is not refused at its limit', async ({ api, operator }) => {
  const small = await api.createTenant({ balance: '5' });
  const run = async () => (await api.call(small, RUN, { prompt: 'a' })).body;
  expect(await run()).toMatchObject({ result: true });
  expect(await run()).toMatchObject({ errors: [{ code: 96 }] });
  await operator.post(`/admin/v1/projects/${small.projectId}`, { overflow: 'queue' });
  expect(await run()).toMatchObject({ result: true });
});
