import { readExport } from '@runfleet/exports';
import { exportAnswerSchema } from '@runfleet/protocol';

import { openIdCall } from '../../../calls/open-id-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { exportAnswer } from '../../../wire/export-wire.ts';

/** One export, with its progress. */
export const exportDetailRoute: Route = {
  call: 'POST /v1/export/detail',
  answer: exportAnswerSchema,
  open: (ctx) => async (c) => {
    const found = await readExport(ctx, await openIdCall(ctx, c));
    return answerJson(c, exportAnswer(found, ctx.settings));
  },
};
