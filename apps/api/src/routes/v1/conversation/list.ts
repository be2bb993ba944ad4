import { type ConversationListAnswer, conversationListAnswerSchema } from '@runfleet/protocol';
import { listConversations } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFilterText } from '../../../calls/read-filter-text.ts';
import { readPage } from '../../../calls/read-page.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { conversationWire } from '../../../wire/conversation-wire.ts';

/** The conversations of the caller's project, newest first by default. */
export const conversationListRoute: Route = {
  call: 'POST /v1/conversation/list',
  answer: conversationListAnswerSchema,
  open: listOwnConversations,
};

function listOwnConversations(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { body, ...project } = await openTaskCall(ctx, c);
    const filter = {
      sessionId: readFilterText(body, 'session_id'),
      userId: readFilterText(body, 'user_id'),
      ...readPage(body, 'DESC'),
    };
    ctx.rates.requireCredit(c.var.trace);
    const { total, conversations } = await listConversations(ctx, { ...project, ...filter });
    ctx.rates.chargeTasks(c.var.trace, total);
    return answerJson<ConversationListAnswer>(c, {
      total: String(total),
      errors: [],
      conversationlist: conversations.map((conversation) => conversationWire(conversation, ctx)),
      result: true,
    });
  };
}
