import type { TaskFrame } from '@runfleet/protocol';

import { RunfleetApiError, RunfleetConnectionError } from './errors.ts';
import type { SocketClass } from './socket-class.ts';
import { readConnection } from './task-connection.ts';

export type FollowOptions = {
  /** `cumulative` (default): each output frame replaces the last. `delta`: only what is new. */
  mode?: 'cumulative' | 'delta' | undefined;
  /** Resume after the event with this seq; 0 (default) = from the start. */
  after?: number | undefined;
  /** Also `task_cost` frames. */
  billing?: boolean | undefined;
  signal?: AbortSignal | undefined;
};

const FAILURES_MAX = 20;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;

/**
 * The frames of a task, all of them, until it has ended: a lost connection is replaced and resumes
 * after the last frame. Throws RunfleetApiError for an unknown token, RunfleetConnectionError when the
 * server stays away, and the signal's reason when aborted.
 */
export async function* followTask(
  socket: { url: string; socketClass: SocketClass },
  token: string,
  { mode = 'cumulative', after = 0, billing = false, signal }: FollowOptions,
): AsyncGenerator<TaskFrame> {
  let seq = after;
  for (let failures = 0; failures < FAILURES_MAX; failures += 1) {
    if (failures > 0) await pause(waitMsAfter(failures), signal);
    signal?.throwIfAborted();
    const request = { type: 'task_info', tasktoken: token, mode, after: seq, billing };
    for await (const frame of readConnection({ ...socket, request, signal })) {
      if (frame.type === 'connected') continue;
      if (frame.type === 'error') {
        // Anything else passes: the server closes, and the next connection may do better.
        if (frame.message === 'tasktoken-invalid') throw refusal(frame.message);
        continue;
      }
      failures = 0;
      seq = frame.seq ?? seq;
      yield frame;
      if (frame.type === 'task_postprocess_end' || frame.type === 'task_cancel') return;
    }
    signal?.throwIfAborted();
  }
  throw new RunfleetConnectionError(
    `${socket.url} gave nothing in ${FAILURES_MAX} attempts; follow again with after: ${seq}.`,
  );
}

function refusal(message: string): RunfleetApiError {
  return new RunfleetApiError(message, { code: 1, status: 0, requestId: null });
}

/** Doubles each time, at random between half and whole, so that many clients do not come at once. */
function waitMsAfter(failures: number): number {
  return Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** (failures - 1)) * (0.5 + Math.random() / 2);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', wake);
      resolve();
    };
    const timer = setTimeout(wake, ms);
    signal?.addEventListener('abort', wake);
  });
}
