import type { TaskIdOrToken, TaskRow } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { taskAnswer } from '../wire/task-wire.ts';
import { openTaskCall } from './open-task-call.ts';
import { readTaskReference } from './read-task-reference.ts';

/** Applies a verb to the task that a body names, and answers the task as it is then. */
export function changeTask(
  ctx: ApiContext,
  apply: (
    ctx: ApiContext,
    input: { organisationId: string; reference: TaskIdOrToken },
  ) => Promise<TaskRow>,
): ApiHandler {
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    const reference = readTaskReference(body);
    const task = await apply(ctx, { organisationId, reference });
    c.var.trace.taskId = task.id;
    return answerJson(c, taskAnswer(task, ctx));
  };
}
