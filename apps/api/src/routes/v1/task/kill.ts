import { taskAnswerSchema } from '@runfleet/protocol';
import { killTask } from '@runfleet/tasks';

import { changeTask } from '../../../calls/change-task.ts';
import type { Route } from '../../../route.ts';

/** Ends a task in any status that is not terminal. */
export const taskKillRoute: Route = {
  call: 'POST /v1/task/kill',
  answer: taskAnswerSchema,
  open: (ctx) => changeTask(ctx, killTask),
};
