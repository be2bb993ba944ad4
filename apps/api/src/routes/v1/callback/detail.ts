import { readDelivery } from '@runfleet/callbacks';
import { callbackAnswerSchema } from '@runfleet/protocol';

import { openIdCall } from '../../../calls/open-id-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { callbackAnswer } from '../../../wire/callback-wire.ts';

/** A callback of the caller's project, with its attempts. */
export const callbackDetailRoute: Route = {
  call: 'POST /v1/callback/detail',
  answer: callbackAnswerSchema,
  open: (ctx) => async (c) =>
    answerJson(c, callbackAnswer(await readDelivery(ctx, await openIdCall(ctx, c)))),
};
