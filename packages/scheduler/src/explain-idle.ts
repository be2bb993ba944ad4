import type { IdleReason } from '@runfleet/protocol';

import type { ModelFit } from './fit-model.ts';
import { carriesLabels } from './lane.ts';
import type { HeldWhy } from './place-tasks.ts';

export type IdleWorker = {
  readonly state: 'ready' | 'draining' | 'quarantined';
  readonly labels: readonly string[];
  readonly fit: ModelFit;
  /** Whether the pool leaves it to another. */
  readonly isLeft: boolean;
};

/** What waits in a pool once nothing more can be placed. */
export type Waiting = {
  /** What the lanes with queued tasks require. */
  readonly lanes: readonly (readonly string[])[];
  readonly held: readonly { readonly requires: readonly string[]; readonly why: HeldWhy }[];
};

/** Why a worker with a free slot has nothing to do for a pool. */
export function explainIdle(worker: IdleWorker, waiting: Waiting): IdleReason {
  if (worker.state !== 'ready') return worker.state;
  if (waiting.lanes.length === 0 && waiting.held.length === 0) return 'no_task';

  const isAble = (requires: readonly string[]) => carriesLabels(worker.labels, requires);
  const lane = waiting.lanes.find(isAble);
  const held = waiting.held.find(({ requires }) => isAble(requires));
  if (!lane && !held) return 'labels';
  if (worker.isLeft) return 'left';
  if (worker.fit === 'none') return 'memory';
  // A pick would have brought a queued task of a lane that it can serve, were its tenant not parked.
  return lane ? 'tenants_parked' : (held?.why ?? 'no_task');
}
