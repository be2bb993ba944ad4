import { readFileEntry } from '@runfleet/files';
import { type FileAnswer, fileAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFileId } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { fileAnswer } from '../../../wire/file-wire.ts';

/** A file or a folder of the caller's project. */
export const fileDetailRoute: Route = {
  call: 'POST /v1/file/detail',
  answer: fileAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    const entry = await readFileEntry(ctx, { ...owner, id: readFileId(body) });
    return answerJson<FileAnswer>(c, fileAnswer(entry, ctx));
  },
};
