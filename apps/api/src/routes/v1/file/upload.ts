import { storeFile, Upload } from '@runfleet/files';
import { type FileAnswer, fileAnswerSchema, RunfleetError } from '@runfleet/protocol';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { readFolderId } from '../../../calls/read-file-id.ts';
import { answerJson } from '../../../http/answer.ts';
import { identifyCaller, resolvePrincipal } from '../../../http/caller.ts';
import type { Route } from '../../../route.ts';
import { filesOf } from '../../../uploads/files-of.ts';
import { readFormSize, receiveUpload } from '../../../uploads/receive-upload.ts';
import { fileAnswer } from '../../../wire/file-wire.ts';

/** What a form has at least around its file; the quota need not have room for it. */
const FORM_BYTES_MIN = 1_024;

/** Stores a file in the caller's project. */
export const fileUploadRoute: Route = {
  call: 'POST /v1/file/upload',
  answer: fileAnswerSchema,
  open: upload,
};

function upload(ctx: ApiContext): ApiHandler {
  const files = filesOf(ctx);
  const { fileBytesMax } = files.limits;
  return async (c) => {
    const caller = await identifyCaller(ctx, c);
    const { organisationId } = await resolvePrincipal(ctx, c, caller, undefined);
    const formBytes = readFormSize(c, fileBytesMax);
    using _place = ctx.uploads.open(organisationId);
    const sizeBytes = formBytes === null ? null : Math.max(0, formBytes - FORM_BYTES_MIN);
    await using stored = await Upload.open(files, { organisationId, sizeBytes });
    const fields = await receiveUpload(c, fileBytesMax, (file) => storeFile(stored, file));
    // It may come after the file.
    const project = await resolvePrincipal(ctx, c, caller, fields.get('projectid'));
    if (project.organisationId !== organisationId) {
      throw new RunfleetError(
        'invalid_request',
        'Name a project of another organisation in the header x-project-id.',
      );
    }
    const { projectId } = project;
    const parentId = readFolderId(fields.get('folderid'));
    const entry = await stored.commit({ projectId, parentId });
    return answerJson<FileAnswer>(c, fileAnswer(entry, ctx));
  };
}
