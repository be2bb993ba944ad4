import { listFiles, readFileEntry } from '@runfleet/files';
import { type FileListAnswer, fileListAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFolderId } from '../../../calls/read-file-id.ts';
import { readPage } from '../../../calls/read-page.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { fileWire } from '../../../wire/file-wire.ts';

/** A page of a folder of the caller's project, or of its root: folders first, by name. */
export const fileListRoute: Route = {
  call: 'POST /v1/file/list',
  answer: fileListAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    const page = readPage(body, 'ASC');
    const parentId = readFolderId(body['parentid']);
    if (parentId !== null) await readFileEntry(ctx, { ...owner, id: parentId });
    const { total, entries } = await listFiles(ctx, { ...owner, ...page, parentId });
    ctx.rates.chargeTasks(c.var.trace, total);
    return answerJson<FileListAnswer>(c, {
      errors: [],
      total: String(total),
      list: entries.map((entry) => fileWire(entry, ctx)),
      result: true,
    });
  },
};
