import type { RunfleetClient, WireTask } from '@runfleet/client';
import { INITIAL_STATUS, isTerminal, type TaskFrame } from '@runfleet/protocol';
import { useCallback, useEffect, useState } from 'react';

import { useClient } from '../api/use-client.ts';
import { receiptOf } from './receipt-of.ts';
import { applyFrames, isOver, NO_RUN, type RunState } from './run-state.ts';
import { standingOf } from './task-outcome.ts';

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
  const [{ task, run, problem }, change] = useStateOf(id);
  const [round, setRound] = useState(0);
  const reload = useCallback(() => setRound((n) => n + 1), []);

  const token = reference?.token ?? task?.socketaccesstoken ?? null;
  const isFinal = task !== null && isTerminal(task.status);
  const isQueued = (run.status ?? task?.status) === INITIAL_STATUS;
  const isEnded = isOver(run);
  const hasFailed = problem !== null;
  // A success whose record tells everything needs no replay of its frames; of other ends they alone
  // know what had been written.
  const isTold = isFinal && standingOf(task) === 'succeeded' && receiptOf(task) !== null;

  useEffect(() => {
    if (id === null) return;
    const gone = new AbortController();
    const read = async () => {
      try {
        const answer = await client.detail({ taskId: id }, { signal: gone.signal });
        change((before) => ({ ...before, task: answer, problem: null }));
      } catch (failure) {
        if (!gone.signal.aborted) change((before) => ({ ...before, problem: failure }));
      }
    };
    void read();
    // An answer that failed is not asked for in haste.
    const livePauseMs = isQueued ? QUEUED_POLL_MS : POLL_MS;
    const pauseMs = isEnded && !hasFailed ? SETTLE_MS : livePauseMs;
    const timer = isFinal ? undefined : setInterval(() => void read(), pauseMs);
    return () => {
      gone.abort();
      clearInterval(timer);
    };
  }, [client, id, round, isQueued, isEnded, isFinal, hasFailed, change]);

  useEffect(() => {
    if (token === null || isTold) return;
    const gone = new AbortController();
    void drawFrames(client, token, gone.signal, change);
    return () => gone.abort();
  }, [client, token, isTold, change]);

  return { task, run, problem, reload };
}

type Known = { task: WireTask | null; run: RunState; problem: unknown };
type Change = (change: (before: Known) => Known) => void;

const NOTHING_KNOWN: Known = { task: null, run: NO_RUN, problem: null };

/** State that belongs to `id`: another id starts with nothing known, in the same render. */
function useStateOf(id: string | null): [Known, Change] {
  const [state, setState] = useState({ id, known: NOTHING_KNOWN });
  const change = useCallback<Change>(
    (decide) =>
      setState((before) => ({
        id,
        known: decide(before.id === id ? before.known : NOTHING_KNOWN),
      })),
    [id],
  );
  return [state.id === id ? state.known : NOTHING_KNOWN, change];
}

async function drawFrames(
  client: RunfleetClient,
  token: string,
  signal: AbortSignal,
  change: Change,
): Promise<void> {
  let waiting: TaskFrame[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  const draw = () => {
    const frames = waiting;
    waiting = [];
    timer = undefined;
    if (signal.aborted) return;
    change((before) => ({ ...before, run: applyFrames(before.run, frames, performance.now()) }));
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
