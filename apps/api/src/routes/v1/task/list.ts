import { isBlank } from '@runfleet/catalog';
import { taskSummaryAnswerSchema, taskAnswerSchema, RunfleetError } from '@runfleet/protocol';
import { listTasks, listTaskSummaries } from '@runfleet/tasks';
import { z } from 'zod';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { isSet } from '../../../calls/is-set.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readPage } from '../../../calls/read-page.ts';
import { findByName, readSearch } from '../../../calls/search-models.ts';
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
    const { organisationId, body } = await openTaskCall(ctx, c);
    requireOneOf(body, 'type', ['model']);
    requireOneOf(body, 'sort', ['id', 'time']);
    const page = readPage(body, 'DESC');
    const words = readSearch(body, 'modelName');
    const catalogue = ctx.catalogue.current;
    const modelIds = words === null ? null : findByName(catalogue.all, words).map(({ id }) => id);
    const asked = { organisationId, modelIds, ...page };
    const answer = isSet(body['summary'])
      ? taskSummaryAnswer(await listTaskSummaries(ctx, asked), ctx)
      : taskListAnswer(await listTasks(ctx, asked), ctx);
    return answerJson(c, answer);
  };
}

/**
 * There is only one type of task and one sort key so far. Another value is refused, not ignored.
 */
function requireOneOf(
  body: Readonly<Record<string, unknown>>,
  name: string,
  values: readonly string[],
): void {
  const given = body[name];
  if (isBlank(given)) return;
  if (typeof given === 'string' && values.includes(given.toLowerCase())) return;
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [${name}] must be ${values.join(' or ')}`,
  );
}
