import { doneSchema, RunfleetError } from '@runfleet/protocol';
import { z } from 'zod';

import { answerJson } from '../../../../http/answer.ts';
import { requireOperator } from '../../../../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../../../../http/read-parameters.ts';
import type { Route } from '../../../../route.ts';

const namedSchema = z.strictObject({ queue: z.string().max(40), id: z.string().max(200) });

/** Runs a failed job again. */
export const jobRetryRoute: Route = {
  call: 'POST /admin/v1/jobs/retry',
  answer: doneSchema,
  open: (ctx) => async (c) => {
    await requireOperator(ctx, c);
    const named = namedSchema.safeParse(await readParameters(ctx, c, SMALL_BODY_BYTES));
    if (!named.success) {
      throw new RunfleetError('invalid_request', 'Request body must have [queue] and [id].');
    }
    if (!(await ctx.jobWatch.retry(named.data))) {
      throw new RunfleetError('invalid_request', 'No such failed job. It may have run again.');
    }
    return answerJson(c, { errors: [], result: true });
  },
};
