import { pricePerSecond } from '@runfleet/billing';
import { parseUsd } from '@runfleet/protocol';

import type { WorkerState } from '../fleet/decide-worker.ts';
import { type Decision, isRefusal, type TaskSnapshot } from './decide.ts';
/** States for tests of decisions, which need no database. */
import { applyPlan, type Effects, NO_TIMES, type TaskState } from './task-state.ts';

/** 2026-01-01, in microseconds. */
export const NOW = 1_767_225_600_000_000n;

/** A task that waits in the queue. */
export function aState(changes: Partial<TaskState> = {}): TaskState {
  return {
    id: '7',
    organisationId: '3',
    pool: 'a-pool',
    timeoutSeconds: 300,
    price: pricePerSecond('a-version', '0.000585'),
    held: parseUsd('0.1755'),
    countedIn: [],
    requires: [],
    fairnessKey: 'ann',
    priority: 5,
    expectedSeconds: 1.5,
    callbackUrl: null,
    weight: 2,
    runningLimit: 9,
    hasEndpoints: false,
    startBy: null,
    status: 'task_queue',
    epoch: 0,
    seq: 2,
    changedAt: NOW,
    workerId: null,
    workerGeneration: null,
    assignedPulse: null,
    outputTokens: 0,
    infraAttempts: 0,
    notBefore: null,
    isParked: false,
    avoids: [],
    times: { ...NO_TIMES, queuedAt: NOW },
    totalCost: 0n,
    outcome: null,
    pexit: '',
    ...changes,
  };
}

/** The worker to which `aState` is bound from `task_assign` on. */
export function aWorkerState(changes: Partial<WorkerState> = {}): WorkerState {
  return {
    id: 'w',
    host: 'h',
    state: 'ready',
    generation: 1,
    slots: 4,
    used: 2,
    renewedPulse: 100,
    keptPulse: 0,
    seenPulse: 100,
    strikes: 0,
    quarantinedUntil: null,
    ...changes,
  };
}

export function snapshot(changes: Partial<TaskSnapshot> = {}): TaskSnapshot {
  return { now: NOW, pulse: 100, worker: undefined, holder: undefined, ...changes };
}

/** Applies a decision to the state in place, as a commit does. Throws where it is a refusal. */
export function commit(state: TaskState, decision: Decision, now = NOW): Effects {
  if (isRefusal(decision)) throw new Error(`The decision was refused: ${decision.refused}.`);
  return applyPlan(state, decision, now);
}
