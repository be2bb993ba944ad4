import { setOverflow } from '@runfleet/identity';
import { type TenantAnswer, tenantAnswerSchema } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireOperator } from '../../../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../../../http/read-parameters.ts';
import type { Route } from '../../../route.ts';

/** Sets `overflow` of a project: `reject` or `queue`. Answers with its tenant. */
export const projectRoute: Route = {
  call: 'POST /admin/v1/projects/:id',
  answer: tenantAnswerSchema,
  open: changeProject,
};

function changeProject(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const { overflow } = await readParameters(ctx, c, SMALL_BODY_BYTES);
    const tenant = await setOverflow(ctx, c.req.param('id') ?? '', overflow);
    return answerJson<TenantAnswer>(c, { errors: [], tenant, result: true });
  };
}
