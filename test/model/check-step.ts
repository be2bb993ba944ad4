import { cpsOf } from '@runfleet/billing';
import { INITIAL_STATUS, isTerminal, parseUsd } from '@runfleet/protocol';
import { INFRA_ATTEMPTS_MAX, type planCommands } from '@runfleet/tasks/memory';

import { textOf } from '../simulation/answer.ts';
import type { Action } from './actions.ts';
import { type ModelState, NOW } from './model-state.ts';

type Step = {
  before: ModelState;
  /** The state after the step; the check updates its readable text. */
  state: ModelState;
  action: Action;
  /** The plan of the commit; null if the step does not change the task. */
  planned: ReturnType<typeof planCommands> | null;
};

/** Describes the first law that the step breaks, or returns null. */
export function checkStep(step: Step): string | null {
  const { before, state, action, planned } = step;
  const { task } = state;
  const isBoundTo = (id: string, generation: number) =>
    task.workerId === id && task.workerGeneration === generation;
  for (const { id, generation, used, slots } of state.workers) {
    if (used !== Number(isBoundTo(id, generation)) || used > slots) {
      return `${id} uses ${used} slots`;
    }
  }
  if (!planned) return null;
  return (
    checkEpoch(step) ??
    checkLog(before, state, planned) ??
    checkMoney(before, state, planned) ??
    checkPatience(before, state, planned, action)
  );
}

function checkEpoch({ before, state, action }: Step): string | null {
  const { task } = state;
  const rise = task.epoch - before.task.epoch;
  const { attempt } = action;
  if (attempt && attempt.epoch !== before.task.epoch) return 'an old epoch was not fenced';
  if (attempt && before.task.workerId !== attempt.workerId && !isTerminal(before.task.status)) {
    return 'a worker that does not hold the task was not fenced';
  }
  const isNew = task.status !== before.task.status;
  const mustRise =
    isNew &&
    (task.status === 'task_assign' ||
      task.status === INITIAL_STATUS ||
      task.status === 'task_cancel');
  const mayRise =
    mustRise ||
    (isTerminal(task.status) && !attempt?.epoch) ||
    task.infraAttempts > before.task.infraAttempts;
  return rise === 0 || (rise === 1 && mayRise)
    ? mustRise && rise === 0
      ? 'the epoch was kept'
      : null
    : `the epoch rose by ${rise}`;
}

function checkLog(
  before: ModelState,
  state: ModelState,
  { events }: NonNullable<Step['planned']>,
): string | null {
  if (isTerminal(before.task.status) && events.length > 0) return 'an event followed the end';
  for (const [index, event] of events.entries()) {
    const { seq, type, epoch, payload } = event;
    if (seq !== before.task.seq + index + 1) return `event ${seq} is out of order`;
    if (type === INITIAL_STATUS) state.text = '';
    if (type === 'task_output') {
      state.text += payload.raw;
      if (state.text !== textOf({ taskId: '1', epoch }, payload.tokens)) return 'words are missing';
    }
    if (type === 'task_output_full' && payload.raw !== state.text)
      return 'the answer differs from its outputs';
  }
  return null;
}

function checkMoney(
  before: ModelState,
  { task }: ModelState,
  { effects }: NonNullable<Step['planned']>,
): string | null {
  const movements = effects.flatMap((effect) => effect.movements);
  const ends = !isTerminal(before.task.status) && isTerminal(task.status);
  if (movements.length !== Number(ends)) return `settled ${movements.length} times`;
  if (!ends) return null;
  const [movement] = movements;
  // Every run of the model takes one second.
  const cost = task.outcome === 'succeeded' ? parseUsd(cpsOf(task.price)) : 0n;
  if (movement?.change.balance !== -cost || movement.change.held !== -task.held) {
    return `${task.outcome} cost ${-(movement?.change.balance ?? 0n)}, not ${cost}`;
  }
  return null;
}

function checkPatience(
  before: ModelState,
  { task, workers }: ModelState,
  { effects }: NonNullable<Step['planned']>,
  action: Action,
): string | null {
  if (task.infraAttempts > INFRA_ATTEMPTS_MAX) return `tried ${task.infraAttempts} times`;
  const isBack = task.status === INITIAL_STATUS && before.task.status !== INITIAL_STATUS;
  if (isBack && task.infraAttempts >= INFRA_ATTEMPTS_MAX) return 'requeued after the last attempt';
  const holder = workers.find(({ id }) => id === before.task.workerId);
  const isHeld =
    holder?.generation === before.task.workerGeneration &&
    holder.state !== 'lost' &&
    holder.state !== 'stopped';
  if (action.name === 'decideRequeueOrphan' && isHeld)
    return 'requeued from a worker that holds it';
  if (effects.length > 0 && action.name.startsWith('assign')) {
    const { notBefore, startBy } = before.task;
    if (notBefore !== null && notBefore > NOW) return 'assigned before its pause was over';
    if (startBy !== null && startBy <= NOW) return 'assigned after its start deadline';
    const worker = workers.find(({ id }) => id === task.workerId);
    if (worker?.state !== 'ready' || worker.generation !== task.workerGeneration) {
      return 'assigned to a closed connection';
    }
  }
  return null;
}
