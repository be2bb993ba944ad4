import { limitsAnswerSchema } from '@runfleet/protocol';
import { listLimits } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireSession } from '../../../http/caller.ts';
import type { Route } from '../../../route.ts';
import { limitsAnswer } from '../../../wire/limit-wire.ts';

/** The limits of the signed-in user's organisation, with what is used of each. */
export const ownLimitsRoute: Route = {
  call: 'GET /api/v1/limits',
  answer: limitsAnswerSchema,
  open: readOwnLimits,
};

function readOwnLimits(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { memberships } = await requireSession(ctx, c);
    const [membership] = memberships;
    const limits = membership ? await listLimits(ctx, membership.organisationId) : [];
    return answerJson(c, limitsAnswer(limits));
  };
}
