import { type ConversationDeleteAnswer, conversationDeleteAnswerSchema } from '@runfleet/protocol';
import { deleteConversation } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readConversationId } from '../../../calls/read-conversation-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

/** Deletes a conversation with the contents of its turns. The tasks' records and bills stay. */
export const conversationDeleteRoute: Route = {
  call: 'POST /v1/conversation/delete',
  answer: conversationDeleteAnswerSchema,
  open: deleteOwnConversation,
};

function deleteOwnConversation(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { body, ...project } = await openTaskCall(ctx, c);
    const id = readConversationId(body);
    const { db, storage } = ctx;
    const deleteObject = (key: string) => storage.delete(key);
    ctx.rates.requireCredit(c.var.trace);
    const deleted = await deleteConversation({ db, deleteObject }, { ...project, id });
    ctx.rates.chargeTasks(c.var.trace, deleted);
    return answerJson<ConversationDeleteAnswer>(c, {
      errors: [],
      deleted: String(deleted),
      result: true,
    });
  };
}
