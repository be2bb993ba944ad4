import type { RunfleetClient } from '@runfleet/client';
import { INITIAL_STATUS, isTerminal, type TaskFrame, type WireTask } from '@runfleet/protocol';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';

import { useClient } from '../api/use-client.ts';
import { applyFrames, isOver, NO_RUN, type RunState } from './run-state.ts';
import { displayStatusOf } from './task-outcome.ts';

export type FollowedTask = {
  /** The latest answer of Task/Detail; null until it is read. */
  task: WireTask | null;
  /** The state from the socket's frames, which is ahead of `task` while it runs. */
  run: RunState;
  problem: unknown;
  reload: () => void;
};

/** Frames are drawn in batches, at most this often. */
const DRAW_MS = 50;
/** How often Task/Detail is read while a task is live, in case the socket cannot be reached. */
const POLL_MS = 4000;
/** How often it is read while the task is queued, to show its position. */
const QUEUED_POLL_MS = 2000;
/** How often it is read after the terminal frame, until the cost is settled. */
const SETTLE_MS = 300;

/** Follows one task: its live frames from the socket, and its record from Task/Detail. */
export function useTask(reference: { id: string; token?: string } | null): FollowedTask {
  const client = useClient();
  const id = reference?.id ?? null;
  const [run, changeRun] = useRunOf(id);
  const isQueuedRun = run.status === INITIAL_STATUS;
  const isEnded = isOver(run);
  const detail = useQuery({
    queryKey: ['task', id],
    queryFn: ({ signal }) => client.detail({ taskId: id ?? '' }, { signal }),
    enabled: id !== null,
    refetchInterval: ({ state: { data, error } }) => {
      if (data && isTerminal(data.status)) return false;
      // A failed read is retried at the normal pace.
      if (isEnded && error === null) return SETTLE_MS;
      return isQueuedRun || data?.status === INITIAL_STATUS ? QUEUED_POLL_MS : POLL_MS;
    },
  });
  const { data: task = null, refetch } = detail;

  const token = reference?.token ?? task?.socketaccesstoken ?? null;
  // A successful task with a receipt needs no replay of its frames. After other ends only the frames
  // have the text.
  const isComplete =
    task !== null && displayStatusOf(task) === 'succeeded' && Boolean(task.receipt);

  // The task has entered or left the queue, or has ended: its record has changed.
  useEffect(() => {
    if (id !== null) void refetch();
  }, [id, isQueuedRun, isEnded, refetch]);

  useEffect(() => {
    if (token === null || isComplete) return;
    const unmounted = new AbortController();
    void drawFrames(client, token, unmounted.signal, changeRun);
    return () => unmounted.abort();
  }, [client, token, isComplete, changeRun]);

  return { task, run, problem: detail.error, reload: () => void refetch() };
}

type ChangeRun = (change: (before: RunState) => RunState) => void;

/** The run state of task `id`. Another id starts with an empty state in the same render. */
function useRunOf(id: string | null): [RunState, ChangeRun] {
  const [state, setState] = useState({ id, run: NO_RUN });
  const change = useCallback<ChangeRun>(
    (decide) => setState((before) => ({ id, run: decide(before.id === id ? before.run : NO_RUN) })),
    [id],
  );
  return [state.id === id ? state.run : NO_RUN, change];
}

async function drawFrames(
  client: RunfleetClient,
  token: string,
  signal: AbortSignal,
  changeRun: ChangeRun,
): Promise<void> {
  let waiting: TaskFrame[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    const frames = waiting;
    waiting = [];
    timer = undefined;
    if (signal.aborted) return;
    changeRun((before) => applyFrames(before, frames, performance.now()));
  };
  try {
    const frames = client.follow(token, { mode: 'delta', after: 0, billing: true, signal });
    for await (const frame of frames) {
      waiting.push(frame);
      timer ??= setTimeout(draw, DRAW_MS);
    }
  } catch {
    // The socket cannot be reached. Task/Detail is still polled.
  } finally {
    clearTimeout(timer);
    draw();
  }
}
