/**
 * One state of the model: one task, two workers of one slot each, and the progress of each attempt.
 * No decision depends on an age beyond its bound, or on a seq, so states that differ only in these
 * count as one.
 */
import { pricePerSecond } from '@runfleet/billing';
import { isTerminal, parseUsd } from '@runfleet/protocol';
import {
  ACCEPT_PULSES,
  LEASE_PULSES,
  NO_TIMES,
  REPORT_GRACE_SECONDS,
  type TaskState,
  type WorkerState,
} from '@runfleet/tasks/memory';

/** A ticket that was sent once may arrive at any time, any number of times, or never. */
export type Attempt = {
  readonly epoch: number;
  readonly workerId: string;
  /** The index of its worker's next step; a step without an answer is repeated. */
  next: number;
};

export type ModelState = {
  task: TaskState;
  workers: WorkerState[];
  attempts: Attempt[];
  /** What clients can read of the last attempt. */
  text: string;
};

/** The time and the pulse of every state. */
export const NOW = 1_767_225_600_000_000n;
export const PULSE = 1_000;
const EARLIER = NOW - 1_000_000n;
const SEQ = 2;
const TIMEOUT_SECONDS = 1;
/** The last renewal of an expired lease, and the assignments of a late ticket and of an overdue run. */
export const LEASE_OUT = PULSE - LEASE_PULSES - 1;
export const TICKET_LATE = PULSE - ACCEPT_PULSES - 1;
/** A pulse takes at least 0.95 s. */
export const RUN_OVERDUE = PULSE - Math.ceil((TIMEOUT_SECONDS + REPORT_GRACE_SECONDS) / 0.95) - 1;

export function firstState(): ModelState {
  const cps = '0.000585';
  const worker = (id: string): WorkerState => ({
    id,
    host: id,
    state: 'ready',
    generation: 1,
    slots: 1,
    used: 0,
    renewedPulse: PULSE,
    keptPulse: LEASE_OUT,
    seenPulse: 0,
    strikes: 0,
    quarantinedUntil: null,
  });
  return {
    task: {
      id: '1',
      organisationId: '1',
      pool: 'p',
      timeoutSeconds: TIMEOUT_SECONDS,
      price: pricePerSecond('v', cps),
      held: parseUsd(cps),
      requires: [],
      fairnessKey: '',
      priority: 0,
      expectedSeconds: 1,
      callbackUrl: null,
      weight: 1,
      runningLimit: null,
      hasEndpoints: false,
      countedIn: [],
      startBy: NOW + 1n,
      status: 'task_queue',
      epoch: 0,
      seq: SEQ,
      changedAt: EARLIER,
      workerId: null,
      workerGeneration: null,
      assignedPulse: null,
      outputTokens: 0,
      infraAttempts: 0,
      notBefore: null,
      isParked: false,
      avoids: [],
      times: { ...NO_TIMES, queuedAt: EARLIER },
      totalCost: 0n,
      outcome: null,
      pexit: '',
    },
    workers: [worker('v'), worker('w')],
    attempts: [],
    text: '',
  };
}

export function copyState({ task, workers, attempts, text }: ModelState): ModelState {
  return {
    task: { ...task, times: { ...task.times } },
    workers: workers.map((worker) => ({ ...worker })),
    attempts: attempts.map((attempt) => ({ ...attempt })),
    text,
  };
}

/** Normalizes, in place, the values that no decision distinguishes. */
export function forgetAges(state: ModelState): void {
  const { task } = state;
  task.seq = SEQ;
  task.changedAt = EARLIER;
  // Only whether the pause is over matters.
  if (task.notBefore !== null && task.notBefore > NOW) task.notBefore = NOW + 1n;
  for (const time of Object.keys(task.times) as (keyof typeof task.times)[]) {
    if (task.times[time] !== null) task.times[time] = EARLIER;
  }
  for (const worker of state.workers) {
    if (worker.state !== 'ready') worker.renewedPulse = LEASE_OUT;
    worker.keptPulse = LEASE_OUT;
    worker.seenPulse = 0;
  }
  // After the end no worker matters, because the task needs and holds no slot.
  if (isTerminal(task.status)) state.workers = firstState().workers;
}

/** Equal states have equal keys; so do states that differ only in the order of the workers. */
export function keyOf(state: ModelState): string {
  const [one, other] = [textOf(state, 'v', 'w'), textOf(state, 'w', 'v')];
  return one < other ? one : other;
}

function textOf(
  { task, workers, attempts, text }: ModelState,
  first: string,
  second: string,
): string {
  const { status, epoch, workerId, workerGeneration, assignedPulse, outputTokens } = task;
  const { infraAttempts, startBy, notBefore, avoids, times, outcome } = task;
  const moment = (at: bigint | null) => (at === null ? '-' : at > NOW ? '>' : '<');
  const place = (id: string | null) => (id === null ? '-' : id === first ? '1' : '2');
  const rows = [first, second].map((id) => {
    const worker = workers.find((one) => one.id === id);
    return `${worker?.state}/${worker?.generation}/${worker?.used}/${worker?.renewedPulse}`;
  });
  return [
    status,
    epoch,
    place(workerId),
    workerGeneration,
    assignedPulse,
    outputTokens,
    infraAttempts,
    moment(startBy),
    moment(notBefore),
    avoids.map(place).join(''),
    outcome,
    Object.values(times).map(moment).join(''),
    ...rows,
    ...attempts.map(({ epoch: own, workerId: id, next }) => `${own}/${place(id)}/${next}`),
    text,
  ].join(' ');
}
