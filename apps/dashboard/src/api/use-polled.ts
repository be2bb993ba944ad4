import { useCallback, useEffect, useRef, useState } from 'react';

import { callApi } from './call-api.ts';

const ANSWER_TIMEOUT_MS = 8000;

export type Polled<T> = {
  /** The newest answer; stays while a later one fails. */
  value: T | null;
  /** When `value` was read, as `Date.now()` counts. */
  readAtMs: number;
  problem: unknown;
  /** Reads at once, as after a change. */
  reload: () => void;
};

/**
 * Reads something again and again while the page is visible; one call at a time. `onValue` is told
 * each answer, and must be the same function in each render.
 */
export function usePolled<T>(
  path: string,
  everyMs: number,
  onValue?: (value: T, readAtMs: number) => void,
): Polled<T> {
  const [state, setState] = useState<Omit<Polled<T>, 'reload'>>({
    value: null,
    readAtMs: 0,
    problem: null,
  });
  const readNow = useRef(() => {});

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
        const value = await callApi<T>(path, { signal });
        const readAtMs = Date.now();
        setState({ value, readAtMs, problem: null });
        onValue?.(value, readAtMs);
      } catch (problem) {
        if (!gone.signal.aborted) setState((before) => ({ ...before, problem }));
      } finally {
        isReading = false;
      }
      if (!gone.signal.aborted) timer = setTimeout(() => void read(), everyMs);
    };
    const onVisible = () => void read();

    readNow.current = onVisible;
    void read();
    document.addEventListener('visibilitychange', onVisible);
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener('visibilitychange', onVisible);
    };
  }, [path, everyMs, onValue]);

  const reload = useCallback(() => readNow.current(), []);
  return { ...state, reload };
}
