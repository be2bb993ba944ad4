/** Why a worker with a free slot is idle, each with the sentence that an operator reads. */
export const IDLE_REASONS = {
  no_task: 'No task is queued in the pool.',
  tenants_parked: 'All queued tenants are at their concurrency limit.',
  labels: 'The queued tasks require labels that the worker does not carry.',
  left: 'The worker is left to another of its pools, whose tasks have waited longer.',
  memory: 'The model does not fit into memory beside the models that are in use.',
  session: 'A task waits briefly for another worker, which has its session in the cache.',
  avoided: 'A task waits for another worker, because it failed on this one.',
  draining: 'The worker takes no new tasks.',
  quarantined: 'The worker failed too often in a row and takes no new tasks for a while.',
} as const;

export type IdleReason = keyof typeof IDLE_REASONS;
