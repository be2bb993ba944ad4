import { deleteFile } from '@runfleet/files';
import { type FileDeleteAnswer, fileDeleteAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFileId } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

/** Deletes a file, or a folder with everything in it. */
export const fileDeleteRoute: Route = {
  call: 'POST /v1/file/delete',
  answer: fileDeleteAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    ctx.rates.requireCredit(c.var.trace);
    const deleted = await deleteFile(ctx, { ...owner, id: readFileId(body) });
    ctx.rates.chargeTasks(c.var.trace, deleted);
    return answerJson<FileDeleteAnswer>(c, {
      errors: [],
      deleted: String(deleted),
      result: true,
    });
  },
};
