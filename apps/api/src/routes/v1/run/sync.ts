import { ERRORS, type Refusal, taskAnswerSchema } from '@runfleet/protocol';
import { createTask, readTask } from '@runfleet/tasks';

import type { ApiContext, ApiEnv, ApiHandler, ApiRequest } from '../../../api-context.ts';
import { readRun } from '../../../calls/read-run.ts';
import { plainError } from '../../../http/answer-error.ts';
import { answerLater } from '../../../http/answer-later.ts';
import {
  answerHeaders,
  type PlainAnswer,
  plainJson,
  responseOf,
  type Traced,
} from '../../../http/answer.ts';
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
      const isPlain = c.env?.outgoing !== undefined && c.req.header('origin') === undefined;
      if (isPlain) return answerLater(answer);
      return responseOf(await answer);
    }
    const body = streamAnswer(run, {
      readAnswer: () => readAnswer(ctx, run),
      cutShort: (end) => cutShort(run, end).body,
      onBytes: (sizeBytes) => ctx.rates.chargeBytes(c.var.trace, sizeBytes),
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
    const { id, token, isRepeat } = created;
    const { organisationId } = task;
    // Not by a spread, after which each object has a shape of its own: 200 bytes of each wait.
    return { id, token, isRepeat, organisationId, wait };
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
  else outgoing?.on('close', end);
}

/** Until the end there is one promise and one closure: a frame of an async function is larger. */
function answerAtEnd(ctx: ApiContext, c: Traced, run: StartedRun): Promise<PlainAnswer> {
  return run.wait.untilEnd(run.id).then(
    (end) => answerTo(ctx, c, { run, end }),
    (error: unknown) => failed(ctx, c, { run, error }),
  );
}

async function answerTo(
  ctx: ApiContext,
  c: Traced,
  { run, end }: { run: StartedRun; end: WaitEnd },
): Promise<PlainAnswer> {
  try {
    if (end === 'ended') return plainJson(c, await readAnswer(ctx, run));
    // Only the log and the metrics see it.
    if (end === 'left') return { text: '', status: CLIENT_LEFT, headers: {} };
    const { status, body } = cutShort(run, end);
    c.var.trace.code = 0;
    const answer = plainJson<Refusal>(c, body, status);
    if (end === 'stopping') answer.headers['retry-after'] = '1';
    return answer;
  } catch (error) {
    return plainError(ctx, c, error);
  } finally {
    run.wait[Symbol.dispose]();
  }
}

function failed(
  ctx: ApiContext,
  c: Traced,
  { run, error }: { run: StartedRun; error: unknown },
): PlainAnswer {
  run.wait[Symbol.dispose]();
  return plainError(ctx, c, error);
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
