import { redeliver } from '@runfleet/callbacks';
import { callbackAnswerSchema } from '@runfleet/protocol';

import { startOrdered } from '../../../callbacks/order-callback.ts';
import { openIdCall } from '../../../calls/open-id-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

/** Sends a callback that is closed again, under its id. */
export const callbackRedeliverRoute: Route = {
  call: 'POST /v1/callback/redeliver',
  answer: callbackAnswerSchema,
  open: (ctx) => async (c) => {
    const callback = await openIdCall(ctx, c);
    const ordered = await redeliver(ctx, callback);
    return answerJson(c, await startOrdered(ctx, callback.projectId, ordered));
  },
};
