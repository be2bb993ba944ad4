import { INITIAL_STATUS, isTerminal } from '@runfleet/protocol';
import { INFRA_ATTEMPTS_MAX, type planCommands } from '@runfleet/tasks/memory';

import { textOf } from '../simulation/answer.ts';
import type { Action } from './actions.ts';
import { type ModelState, NOW } from './model-state.ts';

type Step = {
  before: ModelState;
  /** After the step; its readable text is brought up to date. */
  state: ModelState;
  action: Action;
  /** What a commit wrote; null where the step is not one of the task. */
  planned: ReturnType<typeof planCommands> | null;
};

/** The first law that the step breaks, in words; null where it breaks none. */
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
  if (attempt && attempt.epoch !== before.task.epoch) return 'an old epoch was heeded';
  if (attempt && before.task.workerId !== attempt.workerId && !isTerminal(before.task.status)) {
    return 'a worker that does not have the task was heeded';
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
  if (isTerminal(before.task.status) && events.length > 0) return 'something followed the end';
  for (const [index, event] of events.entries()) {
    const { seq, type, epoch, payload } = event;
    if (seq !== before.task.seq + index + 1) return `event ${seq} is out of order`;
    if (type === INITIAL_STATUS) state.text = '';
    if (type === 'task_output') {
      state.text += payload.raw;
      if (state.text !== textOf({ taskId: '1', epoch }, payload.tokens)) return 'words are missing';
    }
    if (type === 'task_output_full' && payload.raw !== state.text)
      return 'the answer is another one';
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
  // Every run of the model takes a second.
  const cost = task.outcome === 'succeeded' ? task.cps : 0n;
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
  if (isBack && task.infraAttempts >= INFRA_ATTEMPTS_MAX) return 'tried once too often';
  const holder = workers.find(({ id }) => id === before.task.workerId);
  const isHeld =
    holder?.generation === before.task.workerGeneration &&
    holder.state !== 'lost' &&
    holder.state !== 'stopped';
  if (action.name === 'decideRequeueOrphan' && isHeld) return 'taken from a worker that has it';
  if (effects.length > 0 && action.name.startsWith('assign')) {
    const { notBefore, startBy } = before.task;
    if (notBefore !== null && notBefore > NOW) return 'tried before its pause was over';
    if (startBy !== null && startBy <= NOW) return 'assigned past its start deadline';
    const worker = workers.find(({ id }) => id === task.workerId);
    if (worker?.state !== 'ready' || worker.generation !== task.workerGeneration) {
      return 'bound to a connection that is over';
    }
  }
  return null;
}
