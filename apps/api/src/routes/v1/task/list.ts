import { taskSummaryAnswerSchema, taskAnswerSchema } from '@runfleet/protocol';
import { listTasks, listTaskSummaries } from '@runfleet/tasks';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { isSet } from '../../../calls/is-set.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readOneOf } from '../../../calls/read-one-of.ts';
import { readPage } from '../../../calls/read-page.ts';
import { readTaskFilter } from '../../../calls/read-task-filter.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { taskListAnswer, taskSummaryAnswer } from '../../../wire/task-wire.ts';

/** The tasks of the caller's organisation, newest first by default. */
export const taskListRoute: Route = {
  call: 'POST /v1/task/list',
  answer: z.union([taskAnswerSchema, taskSummaryAnswerSchema]),
  open: listOwnTasks,
};

function listOwnTasks(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { body, ...project } = await openTaskCall(ctx, c);
    // There is only one type of task and one sort key. Another value is refused, not ignored.
    readOneOf(body, 'type', ['model']);
    readOneOf(body, 'sort', ['id', 'time']);
    const asked = { ...readTaskFilter(ctx, body, project), ...readPage(body, 'DESC') };
    // Right before the work: calls that arrived together may have used up what this one counted on.
    ctx.rates.requireCredit(c.var.trace);
    if (isSet(body['summary'])) {
      const found = await listTaskSummaries(ctx, asked);
      ctx.rates.chargeTasks(c.var.trace, found.total);
      return answerJson(c, taskSummaryAnswer(found, ctx));
    }
    const found = await listTasks(ctx, asked);
    ctx.rates.chargeTasks(c.var.trace, found.total);
    return answerJson(c, taskListAnswer(found, ctx));
  };
}
