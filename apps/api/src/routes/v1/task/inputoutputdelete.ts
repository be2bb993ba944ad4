import { taskAnswerSchema } from '@runfleet/protocol';
import { deleteContents } from '@runfleet/tasks';

import { changeTask } from '../../../calls/change-task.ts';
import type { Route } from '../../../route.ts';

/** Deletes what a task that ended was sent and what it answered. Its record and its bill stay. */
export const taskInputOutputDeleteRoute: Route = {
  call: 'POST /v1/task/inputoutputdelete',
  answer: taskAnswerSchema,
  open: (ctx) =>
    changeTask(ctx, ({ db, storage }, task) =>
      deleteContents({ db, deleteObject: (key) => storage.delete(key) }, task),
    ),
};
