import { deleteEndpoint, listEndpoints } from '@runfleet/callbacks';
import { endpointListAnswerSchema } from '@runfleet/protocol';

import { openIdCall } from '../../../calls/open-id-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { endpointListAnswer } from '../../../wire/callback-wire.ts';

/** Deletes an endpoint of the caller's project. Answers with those that are left. */
export const callbackEndpointDeleteRoute: Route = {
  call: 'POST /v1/callback/endpointdelete',
  answer: endpointListAnswerSchema,
  open: (ctx) => async (c) => {
    const endpoint = await openIdCall(ctx, c);
    await deleteEndpoint(ctx, endpoint);
    return answerJson(c, endpointListAnswer(await listEndpoints(ctx, endpoint)));
  },
};
