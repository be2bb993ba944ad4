import { readQueueInfo, readTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { queueWire } from '../wire/queue-wire.ts';
import { taskAnswer } from '../wire/task-wire.ts';
import { openTaskCall } from './open-task-call.ts';
import { readTaskReference } from './task-reference.ts';

/** `POST /v1/Task/Detail`: one task, and its position while it is queued. */
export function readTaskDetail(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    const task = await readTask(ctx, { organisationId, reference: readTaskReference(body) });
    c.var.trace.taskId = task.id;
    const queued = await readQueueInfo(ctx, task);
    const queue = queued === null ? undefined : queueWire(task, queued);
    return answerJson(c, taskAnswer(task, ctx.settings.apiUrl, queue));
  };
}
