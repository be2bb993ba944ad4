import { listExports } from '@runfleet/exports';
import { type ExportListAnswer, exportListAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readPage } from '../../../calls/read-page.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { exportWire } from '../../../wire/export-wire.ts';

/** The exports of the caller's project, newest first. */
export const exportListRoute: Route = {
  call: 'POST /v1/export/list',
  answer: exportListAnswerSchema,
  open: (ctx) => async (c) => {
    const { projectId, body } = await openTaskCall(ctx, c);
    const { start, limit } = readPage(body, 'DESC');
    const { total, exports } = await listExports(ctx, { projectId, start, limit });
    return answerJson<ExportListAnswer>(c, {
      errors: [],
      total: String(total),
      exportlist: exports.map((each) => exportWire(each, ctx.settings)),
      result: true,
    });
  },
};
