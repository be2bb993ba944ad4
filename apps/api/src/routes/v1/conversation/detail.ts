import { type ConversationAnswer, conversationAnswerSchema } from '@runfleet/protocol';
import { readConversation } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readConversationId } from '../../../calls/read-conversation-id.ts';
import { readPage } from '../../../calls/read-page.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { conversationWire, turnWire } from '../../../wire/conversation-wire.ts';

/** A conversation with its turns, oldest first by default. */
export const conversationDetailRoute: Route = {
  call: 'POST /v1/conversation/detail',
  answer: conversationAnswerSchema,
  open: readOwnConversation,
};

function readOwnConversation(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { body, ...project } = await openTaskCall(ctx, c);
    const asked = { ...project, id: readConversationId(body), ...readPage(body, 'ASC') };
    ctx.rates.requireCredit(c.var.trace);
    const { conversation, turns, total } = await readConversation(ctx, asked);
    ctx.rates.chargeTasks(c.var.trace, total);
    return answerJson<ConversationAnswer>(c, {
      total: String(total),
      errors: [],
      conversationlist: [conversationWire(conversation, ctx)],
      turnlist: turns.map(turnWire),
      result: true,
    });
  };
}
