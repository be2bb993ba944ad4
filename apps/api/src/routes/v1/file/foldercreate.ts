import { createFolder } from '@runfleet/files';
import { type FileAnswer, fileAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFileName, readFolderId } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { filesOf } from '../../../uploads/files-of.ts';
import { fileAnswer } from '../../../wire/file-wire.ts';

/** Creates a folder in the caller's project. */
export const fileFolderCreateRoute: Route = {
  call: 'POST /v1/file/foldercreate',
  answer: fileAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    const created = await createFolder(filesOf(ctx), {
      ...owner,
      parentId: readFolderId(body['parentid']),
      name: readFileName(body),
    });
    return answerJson<FileAnswer>(c, fileAnswer(created, ctx));
  },
};
