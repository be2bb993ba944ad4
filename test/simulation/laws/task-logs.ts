import {
  canTransition,
  INITIAL_STATUS,
  isTerminal,
  TASK_STATUSES,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';

import type { Counts } from '../counts.ts';
import type { VirtualTime } from '../kernel/virtual-time.ts';
import type { Report } from './laws.ts';
import { ReadableText } from './readable-text.ts';

/** Where a task is according to its log. */
type LoggedTask = { seq: number; epoch: number; status: TaskStatus; acceptedAtMs: number | null };

/** The log of every task, event by event. Reports each law about the order of events that one breaks. */
export class TaskLogs {
  readonly #counts: Counts;
  readonly #time: VirtualTime;
  readonly #report: Report;
  readonly #tasks = new Map<string, LoggedTask>();
  readonly #text = new ReadableText();

  constructor(counts: Counts, time: VirtualTime, report: Report) {
    this.#counts = counts;
    this.#time = time;
    this.#report = report;
  }

  add(event: TaskEvent): void {
    const { taskId, seq, epoch, type } = event;
    const last = this.#tasks.get(taskId);
    if (seq !== (last?.seq ?? 0) + 1) {
      this.#report('gapless log', taskId, `event ${seq} after ${last?.seq ?? 'none'}`);
    }
    if (last && isTerminal(last.status)) {
      this.#report('silence after the end', taskId, `${type} after ${last.status}`);
    }
    const textFault = this.#text.add(event);
    if (textFault !== null) this.#report('readable text', taskId, textFault);
    const status = statusOf(type);
    if (last) {
      if (status !== null && !canTransition(last.status, status)) {
        this.#report('legal moves', taskId, `${last.status} to ${type}`);
      }
      if (status !== null) this.#counts.add(`move: ${last.status} > ${status}`);
      this.#checkEpoch(last, event);
    }
    this.#tasks.set(taskId, {
      seq,
      epoch,
      status: status ?? last?.status ?? INITIAL_STATUS,
      acceptedAtMs: this.#acceptedAtMs(status, last),
    });
  }

  find(taskId: string): LoggedTask | undefined {
    return this.#tasks.get(taskId);
  }

  /** A task that has not ended, or null. */
  findLive(): string | null {
    const [taskId] = [...this.#tasks].find(([, { status }]) => !isTerminal(status)) ?? [null];
    return taskId;
  }

  checkRow(row: { id: string; seq: number; epoch: number; status: TaskStatus }): void {
    const logged = this.#tasks.get(row.id);
    if (logged?.seq === row.seq && logged.epoch === row.epoch && logged.status === row.status) {
      return;
    }
    this.#report('row and log agree', row.id, `row ${row.status} ${row.epoch}/${row.seq}`);
  }

  /** An assignment and a requeue begin an epoch; so does an end that a broker or a caller decides. */
  #checkEpoch(last: LoggedTask, { taskId, epoch, type }: TaskEvent): void {
    const mustRise = type === 'task_assign' || type === INITIAL_STATUS;
    const mayRise = mustRise || RISES_WITH_AN_END.has(type);
    const rise = epoch - last.epoch;
    if ((mustRise && rise !== 1) || (!mayRise && rise !== 0) || rise < 0 || rise > 1) {
      this.#report('epochs rise', taskId, `${type} in epoch ${epoch} after ${last.epoch}`);
    }
  }

  #acceptedAtMs(status: TaskStatus | null, last: LoggedTask | undefined): number | null {
    if (status === 'task_accept') return this.#time.now / 1_000;
    return status === INITIAL_STATUS ? null : (last?.acceptedAtMs ?? null);
  }
}

/** Events that an end's commit writes before the end, and that may begin the end's epoch. */
const RISES_WITH_AN_END: ReadonlySet<string> = new Set([
  'task_error',
  'task_error_full',
  'task_end',
  'task_postprocess_start',
  'task_cost',
  'task_cancel',
  'task_postprocess_end',
]);

export function isEnd({ type }: TaskEvent): boolean {
  const status = statusOf(type);
  return status !== null && isTerminal(status);
}

const STATUSES: ReadonlySet<string> = new Set(TASK_STATUSES);

function statusOf(type: string): TaskStatus | null {
  return STATUSES.has(type) ? (type as TaskStatus) : null;
}
