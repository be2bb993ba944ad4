import { RUN, type Tenant, testWithApi } from '../../../testing.ts';

type Task = Record<string, unknown>;
export type Listed = { total: string; errors: unknown[]; tasklist: Task[]; result: boolean };

/** A test that creates tasks with Run and asks the Task calls about them. */
export const testWithTasks = testWithApi.extend('tasks', async ({ api, tenant }) => ({
  async run(owner: Tenant = tenant) {
    const { body } = await api.call(owner, RUN, { prompt: 'Hello' });
    return { id: String(body['taskid']), token: String(body['socketaccesstoken']) };
  },
  async ask(path: string, body: unknown, owner: Tenant = tenant) {
    return (await api.call(owner, `/v1/Task/${path}`, body)).body as Listed;
  },
}));
