import { answerEnd } from '@runfleet/protocol';
import { acceptTask, assignTasks, failure, finishTask, startTask } from '@runfleet/tasks';
import { aWorker } from '@runfleet/tasks/testing';

import { RUN, type Tenant, testWithApi } from '../../../testing.ts';

type Row = Record<string, unknown>;
type Answer = {
  result: boolean;
  total: string;
  errors: { code: number; message: string }[];
  conversationlist: Row[];
  turnlist: (Row & { content: Row })[];
  deleted: string;
  taskid?: string;
};

/** A test that has conversations with Run and asks the Conversation calls about them. */
export const testWithConversations = testWithApi.extend('talk', async ({ api, tenant }) => {
  const { store } = api.ctx;
  const worker = await aWorker(store, 100);
  const begin = async (parameters: Row, owner: Tenant = tenant) => {
    const { body } = await api.call(owner, RUN, { session_id: 's', ...parameters });
    return { id: String(body['taskid']), token: String(body['socketaccesstoken']), body };
  };
  const finish = async (taskId: string, raw: string) => {
    const [ticket] = (await assignTasks({ store }, [{ taskId, ...worker }])).assigned;
    if (!ticket) throw new Error('The task was not assigned.');
    await acceptTask({ store }, ticket);
    await startTask({ store }, ticket);
    const counts = { promptTokens: 3, cachedTokens: 2, completionTokens: 1, thinkingTokens: 0 };
    const end = answerEnd({ finishReason: 'stop', ...counts });
    const content = { prompt: `asked for ${raw}`, raw, thinking: [], answer: [raw], ...end };
    const result = {
      ...failure('succeeded', ''),
      output: raw,
      outputs: [{ contenttype: 'raw' as const, content }],
    };
    await finishTask({ store }, ticket, { result });
  };
  return {
    begin,
    /** A turn that succeeds. */
    async say(prompt: string, parameters: Row = {}, owner: Tenant = tenant) {
      const task = await begin({ prompt, ...parameters }, owner);
      await finish(task.id, prompt.toUpperCase());
      return task;
    },
    async ask(path: string, body: unknown, owner: Tenant = tenant) {
      return (await api.call(owner, `/v1/Conversation/${path}`, body)).body as unknown as Answer;
    },
  };
});
