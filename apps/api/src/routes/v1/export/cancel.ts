import { cancelExport } from '@runfleet/exports';
import { exportAnswerSchema } from '@runfleet/protocol';

import { openIdCall } from '../../../calls/open-id-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { exportAnswer } from '../../../wire/export-wire.ts';

/** Ends an export that is in progress; answers with it as it is then. */
export const exportCancelRoute: Route = {
  call: 'POST /v1/export/cancel',
  answer: exportAnswerSchema,
  open: (ctx) => async (c) => {
    const cancelled = await cancelExport(ctx, await openIdCall(ctx, c));
    return answerJson(c, exportAnswer(cancelled, ctx.settings));
  },
};
