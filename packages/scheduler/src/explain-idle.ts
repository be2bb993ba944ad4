import type { ModelFit } from './fit-model.ts';
import { carriesLabels } from './lane.ts';
import type { HeldWhy } from './place-tasks.ts';

/** Why a worker with a free slot got nothing, each with what an operator reads. */
export const IDLE_REASONS = {
  no_task: 'No task waits in the pool.',
  tenants_parked: 'Those whose tasks wait are at their limit of running tasks.',
  labels: 'What waits requires labels that the worker does not carry.',
  left: 'It is left to another of its pools, whose tasks waited for longer.',
  memory: 'The model does not fit beside those that are busy.',
  session: 'A task waits a moment for another worker, which knows its session.',
  avoided: 'A task waits for another worker, since it failed on this one.',
  draining: 'The worker takes no new tasks.',
  quarantined: 'The worker failed too often in a row and rests for a while.',
} as const;

export type IdleReason = keyof typeof IDLE_REASONS;

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
