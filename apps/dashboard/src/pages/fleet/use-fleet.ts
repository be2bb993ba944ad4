import { useCallback, useState } from 'react';

import { type Polled, usePolled } from '../../api/use-polled.ts';
import type { Fleet } from '../../api/wire.ts';
import { addSample, type DepthSample } from './depth-history.ts';

const POLL_MS = 1500;

export type FollowedFleet = Polled<Fleet> & { history: readonly DepthSample[] };

/** The fleet as it is, and its depth since the page was opened. */
export function useFleet(): FollowedFleet {
  const [history, setHistory] = useState<readonly DepthSample[]>([]);
  const remember = useCallback((fleet: Fleet, atMs: number) => {
    setHistory((before) => addSample(before, fleet, atMs));
  }, []);
  const polled = usePolled('/admin/v1/fleet', POLL_MS, remember);
  return { ...polled, history };
}
