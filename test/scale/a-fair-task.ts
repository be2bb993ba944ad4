import type { FairTask } from '@runfleet/scheduler';

const START_MS = 1_700_000_000_000;

/** The n-th task; task n belongs to tenant n modulo `tenants`. Costs vary from 2 to 30 s. */
export function aFairTask(number: number, tenants: number): FairTask {
  return {
    organisationId: String(1 + (number % tenants)),
    taskId: String(1 + number),
    fairnessKey: '',
    priority: 0,
    cost: 2_000 + ((number * 7_919) % 28_000),
    queuedAt: START_MS + number,
    weight: 1,
    runningLimit: null,
  };
}
