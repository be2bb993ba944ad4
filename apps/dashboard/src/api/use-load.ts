import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';

import { readReachability, subscribeReachability } from './server-away.ts';

export type Loaded<T> = {
  /** The newest value; stays while it is read again. */
  value: T | null;
  problem: unknown;
  reload: () => void;
};

/** Reads something when `key` changes, on `reload`, and when the server is back after being away. */
export function useLoad<T>(key: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<{ key: string; value: T | null; problem: unknown }>({
    key,
    value: null,
    problem: null,
  });
  const [round, setRound] = useState(0);
  const returns = useSyncExternalStore(subscribeReachability, () => readReachability().returns);
  const reload = useCallback(() => setRound((n) => n + 1), []);

  useEffect(() => {
    const gone = new AbortController();
    load(gone.signal).then(
      (value) => {
        if (!gone.signal.aborted) setState({ key, value, problem: null });
      },
      (problem: unknown) => {
        if (gone.signal.aborted) return;
        setState((old) => ({ key, value: old.key === key ? old.value : null, problem }));
      },
    );
    return () => gone.abort();
    // `load` closes over nothing that `key` does not name.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [key, round, returns]);

  const isOld = state.key !== key;
  return { value: isOld ? null : state.value, problem: isOld ? null : state.problem, reload };
}
