import { runAnswerSchema, type RunAnswer } from '@runfleet/protocol';
import { createTask } from '@runfleet/tasks';

import type { ApiContext, ApiHandler } from '../../api-context.ts';
import { readRun } from '../../calls/read-run.ts';
import { answerJson } from '../../http/answer.ts';
import type { Route } from '../../route.ts';

/** Creates a task from the parameters of a run. */
export const runRoute: Route = {
  call: 'POST /v1/run/:owner/:name',
  answer: runAnswerSchema,
  open: runModel,
};

function runModel(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const { id, token } = await createTask(ctx, await readRun(ctx, c));
    c.var.trace.taskId = id;
    return answerJson<RunAnswer>(c, {
      errors: [],
      taskid: id,
      socketaccesstoken: token,
      result: true,
    });
  };
}
