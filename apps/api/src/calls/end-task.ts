import { killTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { taskAnswer } from '../wire/task-wire.ts';
import { openTaskCall } from './open-task-call.ts';
import { readTaskReference } from './read-task-reference.ts';

/** Ends a task: Task/Cancel with `onlyQueued`, Task/Kill without. */
export function endTask(ctx: ApiContext, { onlyQueued }: { onlyQueued: boolean }): ApiHandler {
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    const reference = readTaskReference(body);
    const task = await killTask(ctx, { organisationId, reference, onlyQueued });
    c.var.trace.taskId = task.id;
    return answerJson(c, taskAnswer(task, ctx.settings.apiUrl));
  };
}
