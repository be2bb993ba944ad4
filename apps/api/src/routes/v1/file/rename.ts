import { renameFile } from '@runfleet/files';
import { type FileAnswer, fileAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFileId, readFileName } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { fileAnswer } from '../../../wire/file-wire.ts';

/** Renames a file, which keeps its extension, or a folder of the caller's project. */
export const fileRenameRoute: Route = {
  call: 'POST /v1/file/rename',
  answer: fileAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    const change = { ...owner, id: readFileId(body), name: readFileName(body) };
    return answerJson<FileAnswer>(c, fileAnswer(await renameFile(ctx, change), ctx));
  },
};
