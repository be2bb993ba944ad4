import { TASK_PARTS, type TaskStatAnswer, taskStatAnswerSchema } from '@runfleet/protocol';
import { readTaskCounts } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';

/** How many tasks the caller's project has, by the part of their life. */
export const taskStatRoute: Route = {
  call: 'POST /v1/task/stat',
  answer: taskStatAnswerSchema,
  open: countOwnTasks,
};

function countOwnTasks(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { organisationId, projectId } = await openTaskCall(ctx, c);
    ctx.rates.requireCredit(c.var.trace);
    const counts = await readTaskCounts(ctx, { organisationId, projectId });
    const numbers = Object.values(counts);
    ctx.rates.chargeTasks(
      c.var.trace,
      numbers.reduce((sum, number) => sum + number, 0),
    );
    const stat = Object.fromEntries(
      TASK_PARTS.map((part) => [part, String(counts[part])]),
    ) as TaskStatAnswer['stat'];
    return answerJson<TaskStatAnswer>(c, { stat, errors: [], result: true });
  };
}
