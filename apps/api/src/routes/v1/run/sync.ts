import { ERRORS, type Refusal, taskAnswerSchema } from '@runfleet/protocol';
import { createTask, readTask } from '@runfleet/tasks';

import type { ApiContext, ApiEnv, ApiHandler, ApiRequest } from '../../../api-context.ts';
import { readRun } from '../../../calls/read-run.ts';
import { answerError } from '../../../http/answer-error.ts';
import { answerLater } from '../../../http/answer-later.ts';
import { answerHeaders, answerJson, type Traced } from '../../../http/answer.ts';
import type { Route } from '../../../route.ts';
import { type StartedRun, streamAnswer } from '../../../waits/stream-answer.ts';
import type { TaskWait, WaitEnd } from '../../../waits/task-waits.ts';
import { taskAnswer } from '../../../wire/task-wire.ts';

/** Creates a task, waits for its end and answers as Task/Detail does, or with an event stream. */
export const runSyncRoute: Route = {
  call: 'POST /v1/run/:owner/:name/sync',
  answer: taskAnswerSchema,
  open: runAndWait,
};

function runAndWait(ctx: ApiContext): ApiHandler {
  return async (c) => {
    const run = await startRun(ctx, c);
    if (!wantsStream(c)) {
      const answer = answerAtEnd(ctx, { var: { trace: c.var.trace } }, run);
      // The middleware for other origins copies an answer, so it must have the real one.
      return c.req.header('origin') === undefined ? answerLater(answer) : answer;
    }
    const body = streamAnswer(run, {
      readAnswer: () => readAnswer(ctx, run),
      cutShort: (end) => cutShort(run, end).body,
    });
    return new Response(body, { headers: answerHeaders(c, 'text/event-stream', STREAMED) });
  };
}

/** As proxies log a client that disconnected before its answer. */
const CLIENT_LEFT = 499;
/** A buffering proxy would hold the stream back until the task has ended. */
const STREAMED = { 'x-accel-buffering': 'no' };

/** Alone in its function, so that an open wait does not keep the call's body in memory. */
async function startRun(ctx: ApiContext, c: ApiRequest): Promise<StartedRun> {
  const task = await readRun(ctx, c);
  // Before there is a task: a call that may not wait starts nothing.
  const wait = ctx.waits.open(task.projectId);
  endWhenLeft(wait, c.env?.outgoing);
  try {
    const created = await createTask(ctx, task);
    c.var.trace.taskId = created.id;
    c.var.held?.[Symbol.dispose]();
    return { ...created, organisationId: task.organisationId, wait };
  } catch (error) {
    wait[Symbol.dispose]();
    throw error;
  }
}

/** Also disposes the wait: a stream whose client left before its first read never runs. */
function endWhenLeft(wait: TaskWait, outgoing: ApiEnv['Bindings']['outgoing']): void {
  const end = () => {
    wait.end('left');
    wait[Symbol.dispose]();
  };
  if (outgoing?.destroyed) end();
  else outgoing?.once('close', end);
}

function answerAtEnd(ctx: ApiContext, c: Traced, run: StartedRun): Promise<Response> {
  return endOf(ctx, c, run).catch((error: unknown) => answerError(ctx, c, error));
}

async function endOf(ctx: ApiContext, c: Traced, run: StartedRun): Promise<Response> {
  using wait = run.wait;
  const end = await wait.untilEnd(run.id);
  if (end === 'ended') return answerJson(c, await readAnswer(ctx, run));
  // Only the log and the metrics see it.
  if (end === 'left') return new Response(null, { status: CLIENT_LEFT });
  const { status, body } = cutShort(run, end);
  c.var.trace.code = 0;
  const response = answerJson<Refusal>(c, body, status);
  if (end === 'stopping') response.headers.set('retry-after', '1');
  return response;
}

async function readAnswer(ctx: ApiContext, { id, organisationId }: StartedRun) {
  const task = await readTask(ctx, { organisationId, reference: { id } });
  return taskAnswer(task, ctx);
}

/** The answer to a wait that ended before its task, which goes on. */
function cutShort(
  { id, token }: StartedRun,
  end: Exclude<WaitEnd, 'ended'>,
): { status: number; body: Refusal } {
  const kind = end === 'timeout' ? 'wait_timeout' : 'unavailable';
  const problem =
    end === 'timeout'
      ? 'The task did not end within the longest wait.'
      : 'This server stops, and the task goes on.';
  const message = `${problem} Repeat the call with its Idempotency-Key, or follow the task.`;
  const { code, http: status } = ERRORS[kind];
  const errors = [{ code, message }];
  return { status, body: { errors, taskid: id, socketaccesstoken: token, result: false } };
}

function wantsStream(c: ApiRequest): boolean {
  const stream = c.req.query('stream')?.toLowerCase();
  if (stream !== undefined) return stream === 'true' || stream === '1';
  return c.req.header('accept')?.toLowerCase().includes('text/event-stream') ?? false;
}
