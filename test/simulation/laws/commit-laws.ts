/** What must hold for each change that a commit makes to a task. */
import { INITIAL_STATUS, isTerminal, type TaskEvent } from '@runfleet/protocol';
import { FAILURES } from '@runfleet/tasks';
import {
  ACCEPT_PULSES,
  type Applied,
  INFRA_ATTEMPTS_MAX,
  type MemoryDatabase,
  PAUSE_SECONDS_MAX,
  REPORT_GRACE_SECONDS,
  SILENT_PULSES,
} from '@runfleet/tasks/memory';

import type { Law } from './laws.ts';

type Change = Applied['changed'][number];
type Fault = { law: Law; detail: string };
/** The tables after the commit, and the events that it wrote for the task. */
type Context = { database: MemoryDatabase; events: readonly TaskEvent[] };

/** The shortest time between two pulses. */
const PULSE_SECONDS_MIN = 0.95;

/** The first law that the change breaks, or null. */
export function checkCommit(change: Change, context: Context): Fault | null {
  for (const check of CHECKS) {
    const fault = check(change, context);
    if (fault) return fault;
  }
  return null;
}

const CHECKS: readonly ((change: Change, context: Context) => Fault | null)[] = [
  aKillRaisesTheEpoch,
  workersAreReady,
  pausesAreKept,
  workersGetTheirTime,
  deadlinesAreRespected,
  attemptsAreCounted,
];

function aKillRaisesTheEpoch({ before, after }: Change): Fault | null {
  if (after.status !== 'task_cancel' || after.epoch === before.epoch + 1) return null;
  return { law: 'epochs rise', detail: `killed in epoch ${after.epoch} after ${before.epoch}` };
}

function workersAreReady({ before, after }: Change, { database }: Context): Fault | null {
  if (before.status !== INITIAL_STATUS || after.status !== 'task_assign') return null;
  const worker = database.workers.get(after.workerId ?? '');
  const silentFor = database.pulse.n - (worker?.renewedPulse ?? 0);
  if (
    worker?.state === 'ready' &&
    worker.generation === after.workerGeneration &&
    after.assignedPulse === database.pulse.n &&
    silentFor <= SILENT_PULSES
  ) {
    return null;
  }
  const detail = `bound to a worker that is ${worker?.state}, silent for ${silentFor} pulses`;
  return { law: 'slots of ready workers', detail };
}

function pausesAreKept({ before, after }: Change, { database }: Context): Fault | null {
  if (before.notBefore === null || before.status !== INITIAL_STATUS) return null;
  if (isTerminal(after.status)) return null;
  const isOver = after.status === 'task_assign' || after.notBefore === null;
  const leftMicros = before.notBefore - database.clock();
  const isLongerThanAny = leftMicros > BigInt(PAUSE_SECONDS_MAX * 1_000_000);
  if (!isOver || leftMicros <= 0n || isLongerThanAny) return null;
  return { law: 'pauses are kept', detail: `assigned ${leftMicros} µs too early` };
}

function workersGetTheirTime(
  { before, after }: Change,
  { database, events }: Context,
): Fault | null {
  const reason = reasonOf(events);
  const isLost = reason?.startsWith(FAILURES.worker_lost.message) ?? false;
  const isLate = reason?.startsWith(FAILURES.not_accepted.message) ?? false;
  if (isLost) {
    const holder = database.workers.get(before.workerId ?? '');
    const isGone = !holder || holder.state === 'lost' || holder.state === 'stopped';
    if (isGone || holder.generation !== before.workerGeneration) return null;
    return {
      law: 'patience with workers',
      detail: `requeued from a worker that is ${holder.state}`,
    };
  }
  if (!isLate) return null;
  const waited = database.pulse.n - (before.assignedPulse ?? 0);
  if (before.status === 'task_assign' && waited > ACCEPT_PULSES) return null;
  return {
    law: 'patience with workers',
    detail: `${after.id} was requeued in ${before.status} after ${waited} pulses`,
  };
}

/** Checks only ends that a broker decides; a worker measures its own timeout. */
function deadlinesAreRespected({ before, after }: Change, { database }: Context): Fault | null {
  const isByBroker = after.epoch > before.epoch && after.outcome === 'expired';
  if (!isByBroker || isTerminal(before.status)) return null;
  const law = 'deadlines respected';
  if (before.status === INITIAL_STATUS || before.status === 'task_assign') {
    if (before.startBy !== null && database.clock() >= before.startBy) return null;
    return { law, detail: `expired in ${before.status} before its start deadline` };
  }
  const ranSeconds = (database.pulse.n - (before.assignedPulse ?? 0)) * PULSE_SECONDS_MIN;
  if (ranSeconds > before.timeoutSeconds + REPORT_GRACE_SECONDS) return null;
  return { law, detail: `expired in ${before.status} after ${ranSeconds} s by the pulse` };
}

function attemptsAreCounted({ before, after }: Change, { events }: Context): Fault | null {
  const law = 'bounded attempts';
  const counted = after.infraAttempts - before.infraAttempts;
  const isBack = after.status === INITIAL_STATUS && before.status !== INITIAL_STATUS;
  if (isBack && after.infraAttempts >= INFRA_ATTEMPTS_MAX) {
    return { law, detail: `requeued after ${after.infraAttempts} attempts` };
  }
  if (isBack && before.times.acceptedAt !== null && after.startBy !== null) {
    return { law, detail: 'requeued with a start deadline that it has met' };
  }
  const expected = isBack ? attemptsOf(reasonOf(events)) : isTerminal(after.status) ? null : 0;
  if (expected === null || counted === expected) return null;
  return { law, detail: `${counted} attempts were counted where ${expected} ended` };
}

function attemptsOf(reason: string | null): number | null {
  const failure = Object.values(FAILURES).find(({ message }) => reason?.startsWith(message));
  if (!failure) return null;
  return failure.next === 'retry' ? 1 : 0;
}

function reasonOf(events: readonly TaskEvent[]): string | null {
  const back = events.find(({ type }) => type === INITIAL_STATUS);
  return back?.type === INITIAL_STATUS ? (back.payload?.reason ?? null) : null;
}
