import { rotateAccessKey } from '@runfleet/files';
import { type FileAnswer, fileAnswerSchema } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readFileId } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { fileAnswer } from '../../../wire/file-wire.ts';

/** Gives a file of the caller's project a new access key: its former URL is revoked. */
export const fileAccessKeyRotateRoute: Route = {
  call: 'POST /v1/file/accesskeyrotate',
  answer: fileAnswerSchema,
  open: (ctx) => async (c) => {
    const { body, ...owner } = await openTaskCall(ctx, c);
    const rotated = await rotateAccessKey(ctx, { ...owner, id: readFileId(body) });
    return answerJson<FileAnswer>(c, fileAnswer(rotated, ctx));
  },
};
