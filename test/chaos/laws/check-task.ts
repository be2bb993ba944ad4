import {
  canTransition,
  INITIAL_STATUS,
  isTerminal,
  OUTCOMES,
  type Pico,
  TASK_LIFE,
  type TaskStatus,
} from '@runfleet/protocol';

import type { Broken, Law } from './laws.ts';
import type { LoggedEvent, TaskRecord } from './task-record.ts';

/** Events that may raise the epoch. Events that a worker writes never do. */
const RAISING: readonly LoggedEvent['type'][] = [
  'task_queue',
  'task_assign',
  'task_cancel',
  // A task that fails after its last attempt or deadline ends with a new epoch too.
  'task_error',
  'task_error_full',
  'task_end',
  'task_cost',
  'task_postprocess_end',
];

/** Checks the laws of one task that should have ended. */
export function checkTask(task: TaskRecord): Broken[] {
  return [
    ...checkEnd(task),
    ...checkLog(task),
    ...checkRow(task),
    ...checkAnswer(task),
    ...checkMoney(task),
  ];
}

const brokenBy =
  ({ id }: TaskRecord) =>
  (law: Law, detail: string): Broken => ({ law, detail, taskId: id });

function checkEnd(task: TaskRecord): Broken[] {
  const broken = brokenBy(task);
  const ends = task.events.filter(({ type }) => isEnd(type));
  if (ends.length === 0) {
    return [broken('everything finishes', `it is in ${task.status}`)];
  }
  const last = task.events.at(-1);
  return [
    ...(ends.length > 1 ? [broken('one end', `it ended ${ends.length} times`)] : []),
    ...(last && !isEnd(last.type)
      ? [broken('silence after the end', `${last.type} followed`)]
      : []),
  ];
}

function checkLog(task: TaskRecord): Broken[] {
  const broken = brokenBy(task);
  const found: Broken[] = [];
  let status: TaskStatus | null = null;
  let epoch: number | null = null;
  for (const [index, event] of task.events.entries()) {
    const { type, seq } = event;
    if (seq !== index + 1) {
      found.push(broken('gapless log', `event ${index + 1} has seq ${seq}`));
      break;
    }
    if (epoch !== null && !isLegalEpoch(event, epoch)) {
      found.push(
        broken('epochs rise', `${type} (seq ${seq}) has epoch ${event.epoch} after ${epoch}`),
      );
    }
    epoch = event.epoch;
    if (!isStatus(type)) continue;
    const isLegal: boolean =
      status === null ? type === INITIAL_STATUS : canTransition(status, type);
    if (!isLegal)
      found.push(broken('legal moves', `from ${status ?? 'nothing'} to ${type} (seq ${seq})`));
    status = type;
  }
  return found;
}

function isLegalEpoch({ type, epoch }: LoggedEvent, before: number): boolean {
  if (type === 'task_assign' || type === 'task_queue') return epoch === before + 1;
  return epoch === before || (epoch === before + 1 && RAISING.includes(type));
}

function checkRow(task: TaskRecord): Broken[] {
  const broken = brokenBy(task);
  const last = task.events.at(-1);
  const status = task.events.findLast(({ type }) => isStatus(type));
  const row = `${task.status}, seq ${task.seq}, epoch ${task.epoch}`;
  const log = `${status?.type}, seq ${last?.seq}, epoch ${last?.epoch}`;
  return [
    ...(row === log ? [] : [broken('row and log agree', `its row has ${row}, its log ${log}`)]),
    ...(isTerminal(task.status) && task.isInSlot
      ? [broken('slots free', 'it has ended and occupies a slot')]
      : []),
  ];
}

/** The outputs since the task was last queued, the full output and the row must be equal. */
function checkAnswer(task: TaskRecord): Broken[] {
  if (task.outcome !== 'succeeded') return [];
  const full = task.events.findLast(({ type }) => type === 'task_output_full')?.text;
  const answer = answerOf(task.events);
  if (answer === full && full === task.output) return [];
  const what = JSON.stringify({ outputs: answer, full, row: task.output });
  return [brokenBy(task)('whole answer', `its parts differ: ${what}`)];
}

/** The text of the last attempt's outputs. */
export function answerOf(events: readonly LoggedEvent[]): string {
  const queued = events.findLastIndex(({ type }) => type === 'task_queue');
  return events
    .slice(queued + 1)
    .map(({ type, text }) => (type === 'task_output' ? text : ''))
    .join('');
}

function checkMoney(task: TaskRecord): Broken[] {
  const { held, outcome, totalCost } = task;
  const broken = (detail: string) => brokenBy(task)('one charge', detail);
  const moved = (kind: string) => task.transfers.filter((transfer) => transfer.kind === kind);
  const sum = (kind: string) => moved(kind).reduce((total, { amount }) => total + amount, 0n);
  const isCharged = outcome !== null && OUTCOMES[outcome].charged;
  const checks: [isTrue: boolean, detail: string][] = [
    [moved('hold').length === 1, `it has ${moved('hold').length} holds`],
    [moved('settle').length <= 1, `it was charged ${moved('settle').length} times`],
    [moved('orphan').length === 0, 'its hold was orphaned, and returned later'],
    [sum('hold') === held, `it holds ${held}, and ${sum('hold')} was taken`],
    [sum('settle') === totalCost, `it costs ${totalCost}, and was charged ${sum('settle')}`],
    [sum('settle') <= held, `${sum('settle')} was charged of ${held} held`],
    [isCharged || sum('settle') === 0n, `it was charged although it is ${outcome}`],
    [sum('settle') + sum('release') === held, `of ${held}, ${returned(sum)} came back`],
  ];
  return checks.flatMap(([isTrue, detail]) => (isTrue ? [] : [broken(detail)]));
}

const returned = (sum: (kind: string) => Pico) => sum('settle') + sum('release');

const isStatus = (type: LoggedEvent['type']): type is TaskStatus => type in TASK_LIFE;
const isEnd = (type: LoggedEvent['type']) => isStatus(type) && isTerminal(type);
