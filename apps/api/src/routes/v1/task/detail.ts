import { taskAnswerSchema } from '@runfleet/protocol';
import { readQueuePosition, readTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../../api-context.ts';
import { openTaskCall } from '../../../calls/open-task-call.ts';
import { readTaskReference } from '../../../calls/read-task-reference.ts';
import { answerJson } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { queueWire } from '../../../wire/queue-wire.ts';
import { taskAnswer } from '../../../wire/task-wire.ts';

/** One task, with its position while it is queued. */
export const taskDetailRoute: Route = {
  call: 'POST /v1/task/detail',
  answer: taskAnswerSchema,
  open: readTaskDetail,
};

function readTaskDetail(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    const task = await readTask(ctx, { organisationId, reference: readTaskReference(body) });
    c.var.trace.taskId = task.id;
    const position = await readQueuePosition(ctx, task);
    const queue = position === null ? undefined : queueWire(task, position);
    return answerJson(c, taskAnswer(task, ctx, queue));
  };
}
