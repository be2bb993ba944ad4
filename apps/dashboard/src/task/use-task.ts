import type { RunfleetClient } from '@runfleet/client';
import { INITIAL_STATUS, isTerminal, type TaskFrame, type WireTask } from '@runfleet/protocol';
import { useQuery } from '@tanstack/react-query';
import { useCallback, useEffect, useState } from 'react';

import { useClient } from '../api/use-client.ts';
import { applyFrames, isOver, NO_RUN, type RunState } from './run-state.ts';
import { displayStatusOf } from './task-outcome.ts';

export type FollowedTask = {
  /** Task/Detail's newest answer; null until read. */
  task: WireTask | null;
  /** What the socket's frames say; ahead of `task` while it runs. */
  run: RunState;
  problem: unknown;
  reload: () => void;
};

/** Frames are drawn together at most this often. */
const DRAW_MS = 50;
/** Task/Detail is read this often while a task is live, for when the socket cannot be reached. */
const POLL_MS = 4000;
/** And so often while its place in line moves. */
const QUEUED_POLL_MS = 2000;
/** How long after a task's end its settled cost may lag behind the terminal frame. */
const SETTLE_MS = 300;

/** Follows one task: its frames from the socket as they happen, and its record from Task/Detail. */
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
      // After a failed read there is no hurry.
      if (isEnded && error === null) return SETTLE_MS;
      return isQueuedRun || data?.status === INITIAL_STATUS ? QUEUED_POLL_MS : POLL_MS;
    },
  });
  const { data: task = null, refetch } = detail;

  const token = reference?.token ?? task?.socketaccesstoken ?? null;
  // A success whose record is whole needs no replay of its frames; of other ends only the frames
  // have the text.
  const isTold = task !== null && displayStatusOf(task) === 'succeeded' && Boolean(task.receipt);

  // What the frames bring may have changed the record.
  useEffect(() => {
    if (id !== null) void refetch();
  }, [id, isQueuedRun, isEnded, refetch]);

  useEffect(() => {
    if (token === null || isTold) return;
    const gone = new AbortController();
    void drawFrames(client, token, gone.signal, changeRun);
    return () => gone.abort();
  }, [client, token, isTold, changeRun]);

  return { task, run, problem: detail.error, reload: () => void refetch() };
}

type ChangeRun = (change: (before: RunState) => RunState) => void;

/** What the frames of task `id` say: another id starts with nothing, in the same render. */
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
    // The socket is out of reach: the poll of Task/Detail carries on without it.
  } finally {
    clearTimeout(timer);
    draw();
  }
}
