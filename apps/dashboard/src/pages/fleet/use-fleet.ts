import { useEffect, useState } from 'react';

import { callApi } from '../../api/call-api.ts';
import type { Fleet } from '../../api/wire.ts';
import { addSample, type DepthSample } from './depth-history.ts';

const POLL_MS = 1500;
const ANSWER_TIMEOUT_MS = 8000;

export type FollowedFleet = {
  fleet: Fleet | null;
  /** When `fleet` was read, as `Date.now()` counts. */
  readAtMs: number;
  history: readonly DepthSample[];
  problem: unknown;
};

/** Reads the fleet again and again while the page is visible; one call at a time. */
export function useFleet(): FollowedFleet {
  const [state, setState] = useState<FollowedFleet>({
    fleet: null,
    readAtMs: 0,
    history: [],
    problem: null,
  });

  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let isReading = false;

    const read = async () => {
      clearTimeout(timer);
      if (document.hidden || isReading) return;
      isReading = true;
      try {
        const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]);
        const fleet = await callApi<Fleet>('/admin/v1/fleet', { signal });
        const readAtMs = Date.now();
        setState((before) => ({
          fleet,
          readAtMs,
          history: addSample(before.history, fleet, readAtMs),
          problem: null,
        }));
      } catch (problem) {
        if (!gone.signal.aborted) setState((before) => ({ ...before, problem }));
      } finally {
        isReading = false;
      }
      if (!gone.signal.aborted) timer = setTimeout(() => void read(), POLL_MS);
    };
    const onVisible = () => void read();

    void read();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, []);

  return state;
}
