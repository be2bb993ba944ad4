import type { Fleet } from '@runfleet/protocol';
import type { UseQueryResult } from '@tanstack/react-query';

import { useLiveQuery } from '../../api/use-live-query.ts';
import { addSample, type DepthSample } from './depth-history.ts';

const POLL_MS = 1500;

/** The current fleet, and its depth since the page was opened. */
export type FollowedFleet = { fleet: Fleet; history: readonly DepthSample[] };

export function useFleet(): UseQueryResult<FollowedFleet> {
  return useLiveQuery('/admin/v1/fleet', POLL_MS, (fleet: Fleet, before?: FollowedFleet) => ({
    fleet,
    history: addSample(before?.history ?? [], fleet, Date.now()),
  }));
}
