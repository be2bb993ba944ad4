import { type TaskStatAnswer, taskStatAnswerSchema } from '@runfleet/protocol';
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
    const counts = await readTaskCounts(ctx, { organisationId, projectId });
    const { running, queued, ended, failed, cancelled } = counts;
    const stat = {
      running: String(running),
      queued: String(queued),
      ended: String(ended),
      failed: String(failed),
      cancelled: String(cancelled),
    };
    return answerJson<TaskStatAnswer>(c, { stat, errors: [], result: true });
  };
}
