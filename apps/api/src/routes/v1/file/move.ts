import { moveFile } from '@runfleet/files';
import { type FileAnswer, fileAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFileId, readFolderId } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { fileAnswer } from '../../../wire/file-wire.ts';

/** Moves a file or a folder of the caller's project to a folder, or to the root. */
export const fileMoveRoute: Route = {
  call: 'POST /v1/file/move',
  answer: fileAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    const change = { ...owner, id: readFileId(body), parentId: readFolderId(body['parentid']) };
    return answerJson<FileAnswer>(c, fileAnswer(await moveFile(ctx, change), ctx));
  },
};
