import { type Done, RunfleetError } from '@runfleet/protocol';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireOperator } from '../http/caller.ts';

const workerId = z.uuid();

/** A change that operators make to a worker. `refusal` says why `apply` changed nothing. */
export function changeWorker(
  ctx: ApiContext,
  apply: (ctx: ApiContext, worker: { id: string }) => Promise<boolean>,
  refusal: string,
): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const id = c.req.param('id') ?? '';
    const isChanged = workerId.safeParse(id).success && (await apply(ctx, { id }));
    if (!isChanged) throw new RunfleetError('invalid_request', `Worker ${id} ${refusal}.`);
    return answerJson<Done>(c, { errors: [], result: true });
  };
}
