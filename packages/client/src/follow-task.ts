import { isTerminal, TASK_STATUSES, type TaskFrame } from '@runfleet/protocol';

import { RunfleetApiError, RunfleetConnectionError } from './errors.ts';
import { pauseAfter } from './retry-pause.ts';
import type { SocketClass } from './socket-class.ts';
import { readConnection } from './task-connection.ts';

export type FollowOptions = {
  /** `cumulative` (default): each output frame replaces the last. `delta`: only what is new. */
  mode?: 'cumulative' | 'delta' | undefined;
  /** Resumes after the event with this seq; 0, the default, is the start. */
  after?: number | undefined;
  /** Adds `task_cost` frames. */
  billing?: boolean | undefined;
  signal?: AbortSignal | undefined;
};

const FAILURES_MAX = 20;
const ENDS: readonly string[] = TASK_STATUSES.filter(isTerminal);

/**
 * Every frame of a task until it has ended. A lost connection is replaced and resumes after the last
 * frame. Throws RunfleetApiError for an unknown token, RunfleetConnectionError if the server cannot be
 * reached, and the signal's reason if aborted.
 */
export async function* followTask(
  socket: { url: string; socketClass: SocketClass },
  token: string,
  { mode = 'cumulative', after = 0, billing = false, signal }: FollowOptions,
): AsyncGenerator<TaskFrame> {
  let seq = after;
  for (let failures = 0; failures < FAILURES_MAX; failures += 1) {
    if (failures > 0) await pauseAfter(failures, signal);
    signal?.throwIfAborted();
    const request = { type: 'task_info', tasktoken: token, mode, after: seq, billing };
    for await (const frame of readConnection({ ...socket, request, signal })) {
      if (frame.type === 'connected') continue;
      if (frame.type === 'error') {
        // Other errors are temporary: the server closes, and the next connection may succeed.
        if (frame.message === 'tasktoken-invalid') throw refusal(frame.message);
        continue;
      }
      failures = 0;
      seq = frame.seq ?? seq;
      yield frame;
      if (ENDS.includes(frame.type)) return;
    }
    signal?.throwIfAborted();
  }
  throw new RunfleetConnectionError(
    `${socket.url} sent nothing in ${FAILURES_MAX} attempts; follow again with after: ${seq}.`,
  );
}

function refusal(message: string): RunfleetApiError {
  return new RunfleetApiError(message, { code: 1, status: 0, requestId: null });
}
