import { listEndpoints } from '@runfleet/callbacks';
import { endpointListAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { endpointListAnswer } from '../../../wire/callback-wire.ts';

/** The addresses that are called for events of the caller's project. */
export const callbackEndpointListRoute: Route = {
  call: 'POST /v1/callback/endpointlist',
  answer: endpointListAnswerSchema,
  open: (ctx) => async (c) => {
    const { projectId } = await openTaskCall(ctx, c);
    return answerJson(c, endpointListAnswer(await listEndpoints(ctx, { projectId })));
  },
};
