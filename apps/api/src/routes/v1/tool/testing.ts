import { testWithApi } from '../../../testing.ts';

type Tool = Record<string, unknown>;
type Listed = { total: number; tool: Tool[]; result: boolean };

/** A test that asks the Tool calls without a key. */
export const testWithTools = testWithApi.extend('ask', async ({ api }) => {
  return async (path: string, body: unknown = {}) => {
    const init = { method: 'POST', body: JSON.stringify(body) };
    return (await api.request(`/v1/Tool/${path}`, init)).body as Listed;
  };
});
