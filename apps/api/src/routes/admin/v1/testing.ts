import { testWithApi } from '../../../testing.ts';

/** A test with a signed-in operator. */
export const testWithOperator = testWithApi.extend('operator', async ({ api, tenant }) => {
  const headers = await api.signIn(tenant.organisationId, { isOperator: true });
  return {
    headers,
    post: (path: string, body: unknown) =>
      api.request(path, { method: 'POST', headers, body: JSON.stringify(body) }),
  };
});
