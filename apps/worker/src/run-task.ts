/** Runs one task through the stages. The only loop in the worker that advances a task. */
import { type Engine, EngineError } from '@runfleet/engine';
import { RunfleetError } from '@runfleet/protocol';
import type { Ticket } from '@runfleet/queue';
import {
  failure,
  FAILURES,
  finishTask,
  type Output,
  requeueTask,
  type RetriedFailure,
  type TaskResult,
  type TaskToRun,
} from '@runfleet/tasks';

import { Acceptance } from './acceptance.ts';
import type { WorkerContext } from './context.ts';
import { ModelLoadError } from './models/model-load-error.ts';
import { OutputJournal } from './output-journal.ts';
import { infer } from './stages/infer.ts';
import { postprocess } from './stages/postprocess.ts';
import { preprocess } from './stages/preprocess.ts';
import { type StopKind, StopReason, stopKindOf, unlessTimeout } from './stop-reason.ts';
import { untilCommitted } from './until-committed.ts';

/** How a run ended. `fenced`: the task had been taken from this worker, and nothing was written. */
export type Ended = 'succeeded' | 'failed' | 'rejected' | 'expired' | 'requeued' | 'fenced';

export type Run = { ticket: Ticket; control: AbortController; onAccepted: () => void };

export async function runTask(ctx: WorkerContext, run: Run): Promise<Ended> {
  const { ticket, control } = run;
  const { signal } = control;
  let timer: NodeJS.Timeout | undefined;
  try {
    const task = await untilCommitted(() => ctx.readRun(ticket.taskId), signal);
    if (!task) return 'fenced';
    const timeoutMs = task.timeoutSeconds * 1_000;
    const onAccepted = () => {
      // The timeout counts from the accept, as billing does.
      timer = setTimeout(() => control.abort(new StopReason('timeout')), timeoutMs);
      run.onAccepted();
    };
    const end = await carry(ctx, { ...run, onAccepted }, task);
    const { result } = end;
    const carried = await untilCommitted(() => finishTask(ctx, ticket, end), neverAborted);
    if (carried === 'fenced') return 'fenced';
    ctx.metrics.tokensSeen(result.promptTokens, result.completionTokens);
    return result.outcome === 'cancelled' ? 'fenced' : result.outcome;
  } catch (error) {
    return release(ctx, ticket, error, signal);
  } finally {
    clearTimeout(timer);
  }
}

const neverAborted = new AbortController().signal;

type End = { result: TaskResult; lastOutput?: Output | undefined };

async function carry(ctx: WorkerContext, run: Run, task: TaskToRun): Promise<End> {
  const { ticket, control, onAccepted } = run;
  const { signal } = control;
  const written = unlessTimeout(signal);
  const acceptance = new Acceptance(ctx, { ticket, signal: written, onAccepted });
  const use = ctx.models.use(task.pool, signal);
  let engine: Engine | null = null;
  try {
    engine = (await acceptance.whileWaiting(use)).engine;
    const { prepared, prompt, history } = await acceptance.whileWaiting(
      preprocess(ctx, { task, engine, signal }),
    );
    // The model starts before this commit ends; its text is written only after it.
    const started = acceptance.start();
    const { callFormat: calls } = prepared;
    const abort = (reason: StopReason) => control.abort(reason);
    const journal = new OutputJournal(ctx, { ticket, started, signal: written, abort, calls });
    const answer = await infer({ engine, prepared, journal, signal });
    const lastOutput = await journal.close();
    const result = postprocess({ task, engine, answer, prompt, calls, history });
    return { result, lastOutput };
  } catch (error) {
    const result = resultOf(error, signal);
    if (!result) throw error;
    await acceptance.accept();
    const { model: weights, device } = engine?.facts ?? { model: '', device: '' };
    return { result: { ...result, weights, device } };
  } finally {
    // Also releases a model that was still loading when the ticket was refused.
    void use.then(
      (model) => model[Symbol.dispose](),
      () => {},
    );
  }
}

/** The result with which an error ends the task; null if the task should be requeued instead. */
function resultOf(error: unknown, signal: AbortSignal): TaskResult | null {
  if (stopKindOf(signal) === 'timeout') {
    return failure('expired', 'The timeout passed before the model produced any output.');
  }
  if (signal.aborted || error instanceof StopReason) return null;
  const isEngines = error instanceof EngineError;
  if (error instanceof RunfleetError || (isEngines && error.kind === 'input')) {
    return failure(FAILURES.input_rejected.next, error.message);
  }
  if (isEngines && error.kind === 'model') {
    return failure(FAILURES.model_failed.next, error.message);
  }
  return null;
}

/** Requeues the task for another worker, unless this run was fenced. */
async function release(
  ctx: WorkerContext,
  ticket: Ticket,
  error: unknown,
  signal: AbortSignal,
): Promise<Ended> {
  const stop = error instanceof StopReason ? error.kind : stopKindOf(signal);
  if (stop === 'fenced') return 'fenced';
  if (stop === 'shutdown') {
    await untilCommitted(() => requeueTask(ctx, ticket, 'worker_stopping'), neverAborted);
    return 'requeued';
  }
  ctx.logger.error(
    { err: error, taskId: ticket.taskId, epoch: ticket.epoch },
    'run failed; requeueing the task',
  );
  await untilCommitted(
    () => requeueTask(ctx, ticket, failureOf(error, stop), reasonOf(error)),
    neverAborted,
  );
  return 'requeued';
}

function failureOf(error: unknown, stop: StopKind | null): RetriedFailure {
  if (error instanceof ModelLoadError) return 'load_failed';
  return stop === 'journal_full' || stop === 'journal_refused' ? 'not_written' : 'run_broke_off';
}

const REASON_CHARACTERS_MAX = 500;

function reasonOf(error: unknown): string {
  const hasPublicMessage = [EngineError, ModelLoadError, StopReason].some(
    (kind) => error instanceof kind,
  );
  const text = hasPublicMessage ? (error as Error).message : 'worker error';
  return text.slice(0, REASON_CHARACTERS_MAX);
}
