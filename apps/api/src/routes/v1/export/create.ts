import { createExport, EXPORT_FORMATS, EXPORT_KINDS, readExport } from '@runfleet/exports';
import { exportAnswerSchema, MESSAGES, RunfleetError } from '@runfleet/protocol';

import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readCount } from '../../../calls/read-count.ts';
import { readOneOf } from '../../../calls/read-one-of.ts';
import { UNIX_SECONDS_MAX } from '../../../calls/read-task-filter.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { exportAnswer } from '../../../wire/export-wire.ts';

/** Orders a file of the caller's project: `type`, `format`, and the period `from` and `to` in unix seconds. */
export const exportCreateRoute: Route = {
  call: 'POST /v1/export/create',
  answer: exportAnswerSchema,
  open: (ctx) => async (c) => {
    const { organisationId, projectId, body } = await openTaskCall(ctx, c);
    const kind = required('type', readOneOf(body, 'type', EXPORT_KINDS));
    const format = readOneOf(body, 'format', EXPORT_FORMATS) ?? 'csv';
    const from = micros(required('from', readCount(body, 'from', UNIX_SECONDS_MAX)));
    const until = micros(required('to', readCount(body, 'to', UNIX_SECONDS_MAX)));
    const owned = { organisationId, projectId };
    const id = await createExport(ctx, { ...owned, kind, format, from, until });
    await ctx.exportJobs.add([{ task: 'write', id, attempt: 0 }]).catch((err: unknown) => {
      // A broker adds it again.
      ctx.logger.debug({ err }, 'export job lost');
    });
    return answerJson(c, exportAnswer(await readExport(ctx, { projectId, id }), ctx.settings));
  },
};

const micros = (seconds: number) => BigInt(seconds) * 1_000_000n;

function required<T>(name: string, value: T | null): T {
  if (value !== null) return value;
  throw new RunfleetError('invalid_request', MESSAGES.parameterRequired(name));
}
