import { sendTest } from '@runfleet/callbacks';
import { callbackAnswerSchema } from '@runfleet/protocol';

import { startOrdered } from '../../../callbacks/order-callback.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readCallbackUrl } from '../../../calls/read-callback-url.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

/** Sends a callback without a task to `url`, signed and logged as any other. */
export const callbackTestSendRoute: Route = {
  call: 'POST /v1/callback/testsend',
  answer: callbackAnswerSchema,
  open: (ctx) => async (c) => {
    const { projectId, body } = await openTaskCall(ctx, c);
    const url = readCallbackUrl(body['url'], 'url', ctx.settings.openNetworks);
    const ordered = await sendTest(ctx, { projectId, url });
    return answerJson(c, await startOrdered(ctx, projectId, ordered));
  },
};
