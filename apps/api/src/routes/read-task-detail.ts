import { readQueueInfo, readTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../api-context.ts';
import { answerJson } from '../http/answer.ts';
import { queueWire } from '../wire/queue-wire.ts';
import { taskAnswer } from '../wire/task-wire.ts';
import { openTaskCall } from './open-task-call.ts';
import { readTaskReference } from './task-reference.ts';

/** `POST /v1/Task/Detail`. Of a queued task it also says where it stands in `queue`, the last key. */
export function readTaskDetail(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { organisationId, body } = await openTaskCall(ctx, c);
    const task = await readTask(ctx, { organisationId, reference: readTaskReference(body) });
    c.var.trace.taskId = task.id;
    const answer = taskAnswer([task], ctx.settings.apiUrl);
    const queued = await readQueueInfo(ctx, task);
    if (queued === null) return answerJson(c, answer);
    const [shown] = answer.tasklist;
    return answerJson(c, { ...answer, tasklist: [{ ...shown, queue: queueWire(task, queued) }] });
  };
}
