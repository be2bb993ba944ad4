import { type Done, doneSchema } from '@runfleet/protocol';
import { removeLimit } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../../api-context.ts';
import { answerJson } from '../../../../http/answer.ts';
import { requireOperator } from '../../../../http/caller.ts';
import type { Route } from '../../../../route.ts';

/** Removes a limit of an organisation. */
export const limitRemoveRoute: Route = {
  call: 'POST /admin/v1/limits/:organisation/:id/remove',
  answer: doneSchema,
  open: dropLimit,
};

function dropLimit(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const { organisation = '', id = '' } = c.req.param();
    await removeLimit(ctx, { organisationId: organisation, id });
    return answerJson<Done>(c, { errors: [], result: true });
  };
}
