import { INITIAL_STATUS, isTerminal, OUTCOMES, type TaskStatus } from '@runfleet/protocol';

/** The state of a task as the pages show it, in colour. */
export type DisplayStatus = 'waiting' | 'running' | 'succeeded' | 'failed' | 'stopped';

export function displayStatusOf(task: { status: TaskStatus; pexit: string }): DisplayStatus {
  if (task.status === 'task_cancel') return 'stopped';
  if (task.status === INITIAL_STATUS) return 'waiting';
  if (!isTerminal(task.status)) return 'running';
  return task.pexit === OUTCOMES.succeeded.pexit ? 'succeeded' : 'failed';
}

export const DISPLAY_STATUS_LABELS = {
  waiting: 'Queued',
  running: 'Running',
  succeeded: 'Done',
  failed: 'Failed',
  stopped: 'Stopped',
} as const satisfies Record<DisplayStatus, string>;

/** Why a task failed and what to do next. `debugerror` has the server's reason. */
export function explainFailure(task: { pexit: string; debugerror: string }): {
  title: string;
  reason: string;
  next: string;
} {
  const reason = task.debugerror.trim() || 'The server gave no reason.';
  if (task.pexit === OUTCOMES.rejected.pexit) {
    return {
      title: 'The input was refused',
      reason,
      next: 'Change the input and run it again. Nothing was charged.',
    };
  }
  if (task.pexit === OUTCOMES.expired.pexit) {
    return {
      title: 'The deadline passed before any output',
      reason,
      next: 'Run it again, or raise the timeout in the advanced settings. Nothing was charged.',
    };
  }
  return {
    title: 'The run failed',
    reason,
    next: 'Nothing was charged. Run it again. If it keeps failing, send the task number to your operator.',
  };
}

/** Why a successful run ended early, or null if it did not. */
export function explainFinish(finishReason: string): string | null {
  if (finishReason === 'length') {
    return 'The answer reached its token limit. Raise "Max tokens" to get more.';
  }
  if (finishReason === 'timeout') {
    return 'The run reached its timeout and was ended there. Raise "Timeout" to get more.';
  }
  return null;
}
