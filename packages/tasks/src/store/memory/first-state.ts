import { INITIAL_STATUS, TASK_LIFE } from '@runfleet/protocol';

import type { NewTaskPlan } from '../../life/new-task.ts';
import type { TaskState, TaskTimes } from '../../life/task-state.ts';
import type { MemoryOrganisation } from './memory-database.ts';

const NO_TIMES = Object.fromEntries(
  Object.values(TASK_LIFE).map(({ time }) => [time, null]),
) as TaskTimes;

/** The row that a Run's insert leaves, as the next transaction reads it. */
export function firstState(plan: NewTaskPlan, tenant: MemoryOrganisation | undefined): TaskState {
  const { task } = plan;
  return {
    id: plan.id,
    organisationId: task.organisationId,
    pool: task.model.pool,
    timeoutSeconds: task.timeoutSeconds,
    priceVersion: task.model.priceVersion,
    cps: plan.cps,
    held: plan.held,
    requires: task.requires,
    fairnessKey: task.fairnessKey,
    priority: task.priority,
    expectedSeconds: plan.expectedSeconds,
    weight: tenant?.weight ?? 1,
    runningLimit: tenant?.runningLimit ?? null,
    startBy: plan.startBy,
    status: INITIAL_STATUS,
    epoch: 0,
    seq: plan.events.length,
    changedAt: plan.queuedAt,
    workerId: null,
    workerGeneration: null,
    assignedPulse: null,
    outputTokens: 0,
    infraAttempts: 0,
    notBefore: null,
    isParked: plan.isParked,
    avoids: [],
    times: { ...NO_TIMES, queuedAt: plan.queuedAt },
    totalCost: 0n,
    outcome: null,
    pexit: '',
  };
}
