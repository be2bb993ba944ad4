import type { IdleReason } from '@runfleet/protocol';

import type { ModelFit } from './fit-model.ts';
import { carriesLabels } from './lane.ts';
import type { HeldWhy } from './place-tasks.ts';

export type IdleWorker = {
  readonly state: 'ready' | 'draining' | 'quarantined';
  readonly labels: readonly string[];
  readonly fit: ModelFit;
  /** Whether the pool leaves this worker to another pool. */
  readonly isLeft: boolean;
};

/** The tasks of a pool that wait after a round in which no more could be placed. */
export type Waiting = {
  /** The labels that each lane with queued tasks requires. */
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
  // If the tenants of the lane were not parked, a pick would have given this worker a task.
  return lane ? 'tenants_parked' : (held?.why ?? 'no_task');
}
