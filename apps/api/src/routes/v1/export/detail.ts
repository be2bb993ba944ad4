import { readExport } from '@runfleet/exports';
import { exportAnswerSchema } from '@runfleet/protocol';

import { openExportCall } from '../../../calls/open-export-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { exportAnswer } from '../../../wire/export-wire.ts';

/** One export, with its progress. */
export const exportDetailRoute: Route = {
  call: 'POST /v1/export/detail',
  answer: exportAnswerSchema,
  open: (ctx) => async (c) => {
    const found = await readExport(ctx, await openExportCall(ctx, c));
    return answerJson(c, exportAnswer(found, ctx.settings));
  },
};
