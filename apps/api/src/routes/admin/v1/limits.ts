import {
  LIMIT_LEVELS,
  limitsAnswerSchema,
  parseUsd,
  reachedLimitSchema,
  RunfleetError,
  TASK_ID_PATTERN,
} from '@runfleet/protocol';
import { listLimits, setLimit } from '@runfleet/tasks';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { answerJson } from '../../../http/answer.ts';
import { requireOperator } from '../../../http/caller.ts';
import { readParameters, SMALL_BODY_BYTES } from '../../../http/read-parameters.ts';
import type { Route } from '../../../route.ts';
import { limitsAnswer } from '../../../wire/limit-wire.ts';

/** The limits of an organisation, with what is used of each. */
export const limitsRoute: Route = {
  call: 'GET /admin/v1/limits/:organisation',
  answer: limitsAnswerSchema,
  open: readLimits,
};

/** Sets a limit of an organisation, or changes its value. Answers with the limit. */
export const limitRoute: Route = {
  call: 'POST /admin/v1/limits/:organisation',
  answer: limitsAnswerSchema,
  open: changeLimit,
};

const { kind, period } = reachedLimitSchema.shape;
const newLimitSchema = z.strictObject({
  level: z.enum(LIMIT_LEVELS),
  subject: z.string().default(''),
  kind,
  period,
  value: z.string().regex(/^\d{1,12}(\.\d{1,12})?$/),
});

function readLimits(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    return answerJson(c, limitsAnswer(await listLimits(ctx, organisationOf(c.req.param()))));
  };
}

function changeLimit(ctx: ApiContext): ApiHandler {
  return async (c) => {
    await requireOperator(ctx, c);
    const asked = newLimitSchema.safeParse(await readParameters(ctx, c, SMALL_BODY_BYTES));
    if (!asked.success) {
      throw new RunfleetError(
        'invalid_request',
        'Request body must have [level], [kind], [period] and [value], a decimal text, and may have [subject].',
      );
    }
    const limit = { ...asked.data, value: parseUsd(asked.data.value) };
    const set = await setLimit(ctx, organisationOf(c.req.param()), limit);
    return answerJson(c, limitsAnswer([set]));
  };
}

function organisationOf({ organisation = '' }: Record<string, string>): string {
  if (TASK_ID_PATTERN.test(organisation)) return organisation;
  throw new RunfleetError('invalid_request', `There is no organisation ${organisation}.`);
}
