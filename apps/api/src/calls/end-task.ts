import type { cancelTask, killTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { taskAnswer } from '../wire/task-wire.ts';
import { openTaskCall } from './open-task-call.ts';
import { readTaskReference } from './read-task-reference.ts';

/** Ends the task that a body names with one of the two verbs that do so. */
export function endTask(ctx: ApiContext, end: typeof cancelTask | typeof killTask): ApiHandler {
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    const reference = readTaskReference(body);
    const task = await end(ctx, { organisationId, reference });
    c.var.trace.taskId = task.id;
    return answerJson(c, taskAnswer(task, ctx));
  };
}
