import { taskAnswerSchema } from '@runfleet/protocol';
import { cancelTask } from '@runfleet/tasks';

import { changeTask } from '../../../calls/change-task.ts';
import type { Route } from '../../../route.ts';

/** Ends a task that is still in the queue. */
export const taskCancelRoute: Route = {
  call: 'POST /v1/task/cancel',
  answer: taskAnswerSchema,
  open: (ctx) => changeTask(ctx, cancelTask),
};
