import { type Done, RunfleetError } from '@runfleet/protocol';
import { drainWorker, pardonWorker } from '@runfleet/tasks';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { requireOperator } from '../http/caller.ts';

const workerId = z.uuid();

/** What an operator can do with a worker, and what is said where that is not possible. */
const CHANGES = {
  drain: { apply: drainWorker, refusal: 'takes no tasks anyway' },
  pardon: { apply: pardonWorker, refusal: 'is not in quarantine' },
} as const;

/** `POST /admin/v1/workers/{id}/drain`: no new tasks for it. `.../pardon`: ends its quarantine. */
export function changeWorker(ctx: ApiContext, change: keyof typeof CHANGES): ApiHandler {
  const { apply, refusal } = CHANGES[change];
  return async (c) => {
    await requireOperator(ctx, c);
    const id = c.req.param('id') ?? '';
    const isChanged = workerId.safeParse(id).success && (await apply(ctx, { id }));
    if (!isChanged) throw new RunfleetError('invalid_request', `Worker ${id} ${refusal}.`);
    return answerJson<Done>(c, { errors: [], result: true });
  };
}
