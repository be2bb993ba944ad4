import { setOverflow, setShare } from '@runfleet/identity';
import { RunfleetError, type TenantAnswer } from '@runfleet/protocol';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireOperator } from '../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../http/read-parameters.ts';

const shareSchema = z.strictObject({
  weight: z.number().optional(),
  runningLimit: z.number().nullable().optional(),
});

/** `POST /admin/v1/tenants/{id}`: `weight`, `runningLimit` or both. Answers with the tenant. */
export function changeTenant(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const share = shareSchema.safeParse(await readParameters(ctx, c, SMALL_BODY_BYTES));
    if (!share.success) {
      throw new RunfleetError(
        'invalid_request',
        'Request body may have [weight], a number, and [runningLimit], an integer or null.',
      );
    }
    const tenant = await setShare(ctx, c.req.param('id') ?? '', share.data);
    return answerJson<TenantAnswer>(c, { errors: [], tenant, result: true });
  };
}

/** `POST /admin/v1/projects/{id}`: `overflow`, which is reject or queue. Answers with the tenant. */
export function changeProject(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const { overflow } = await readParameters(ctx, c, SMALL_BODY_BYTES);
    const tenant = await setOverflow(ctx, c.req.param('id') ?? '', overflow);
    return answerJson<TenantAnswer>(c, { errors: [], tenant, result: true });
  };
}
