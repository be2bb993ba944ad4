/**
 * Observes a life from outside: what every commit wrote, and what processes and callers were
 * answered. Checks each law as soon as something happens that could break it, and keeps the first
 * break.
 */
import { isTerminal } from '@runfleet/protocol';
import type { Ticket } from '@runfleet/queue';
import type { TaskResult } from '@runfleet/tasks';
import type { Applied, MemoryDatabase } from '@runfleet/tasks/memory';

import type { Counts } from '../counts.ts';
import type { RunInput } from '../input.ts';
import type { VirtualTime } from '../kernel/virtual-time.ts';
import { Books } from './books.ts';
import { checkCommit } from './commit-laws.ts';
import type { Broken, Law } from './laws.ts';
import { LimitsHeld } from './limits-held.ts';
import { isEnd, TaskLogs } from './task-logs.ts';
import type { Trace } from './trace.ts';
import { WorkerSlots } from './worker-slots.ts';

type Change = Applied['changed'][number];

export class History {
  broken: Broken | null = null;
  readonly #trace: Trace;
  readonly #counts: Counts;
  readonly #time: VirtualTime;
  readonly #logs: TaskLogs;
  readonly #slots: WorkerSlots;
  readonly #books: Books;
  readonly #limits: LimitsHeld;
  /** The task of each Run. */
  readonly #runs = new Map<string, string>();
  /** Workers that stop: repairs requeue the tickets that they did not accept. */
  readonly #leaving = new Set<string>();
  #live = 0;
  #watched: MemoryDatabase | null = null;

  constructor(counts: Counts, time: VirtualTime, trace: Trace) {
    this.#trace = trace;
    this.#counts = counts;
    this.#time = time;
    const report = this.#report.bind(this);
    this.#logs = new TaskLogs(counts, time, report);
    this.#slots = new WorkerSlots(counts, trace, report);
    this.#books = new Books(report);
    this.#limits = new LimitsHeld(report);
  }

  watch(database: MemoryDatabase): void {
    this.#watched = database;
  }

  /** Whether every task has ended and every slot count is correct. */
  get isAtRest(): boolean {
    return this.#live === 0 && !this.#slots.hasFalsified(this.#database);
  }

  get liveTasks(): number {
    return this.#live;
  }

  /** Called after each transaction, before any process can see what it wrote. */
  applied(applied: Applied): void {
    const database = this.#database;
    for (const { state, task } of applied.created) {
      this.#live += 1;
      this.#books.hold(state);
      this.#limits.accept(task, state);
      this.#checkOneTask(task.parameters as RunInput, state.id);
    }
    for (const event of applied.events) {
      const { taskId, seq, epoch, type } = event;
      this.#trace?.('postgres', `task ${taskId} #${seq} epoch ${epoch} ${type}`);
      this.#logs.add(event);
    }
    for (const change of applied.changed) this.#checkChange(change, applied);
    this.#books.post(database, applied);
    this.#limits.check(database);
    for (const change of applied.workers) this.#slots.change(change, database.pulse.n);
  }

  /** A Run was answered with a task. */
  answered(run: string, taskId: string): void {
    const known = this.#runs.get(run);
    if (known !== taskId)
      this.#report('one task per Run', taskId, `${run} is task ${known} as well`);
  }

  /** A worker got the answer that its finish was committed. */
  finishConfirmed({ taskId, epoch }: Ticket, { outcome }: TaskResult): void {
    const logged = this.#logs.find(taskId);
    const actual = this.#database.tasks.get(taskId)?.state.outcome;
    if (actual !== outcome) {
      this.#report('own epoch', taskId, `${outcome} was confirmed, but the outcome is ${actual}`);
    }
    if (!logged || !isTerminal(logged.status) || logged.epoch !== epoch) {
      const state = logged ? `${logged.status} in epoch ${logged.epoch}` : 'unknown';
      const detail = `an end in epoch ${epoch} was confirmed, but the task is ${state}`;
      this.#report('own epoch', taskId, detail);
    }
  }

  /** A write of an old epoch was not fenced. */
  notFenced({ taskId, epoch }: Ticket, actual: number): void {
    const detail = `a write of epoch ${epoch} was accepted in epoch ${actual}`;
    this.#report('old epochs are void', taskId, detail);
  }

  picked(pool: string, mark: string, actual: string | null): void {
    if (mark === actual) return;
    this.#report('trusted index', null, `${pool} was picked under ${mark}, but it is ${actual}`);
  }

  ticketDone(workerId: string, { taskId, epoch }: Ticket): void {
    const task = this.#database.tasks.get(taskId)?.state;
    const worker = this.#database.workers.get(workerId);
    if (task?.status !== 'task_assign' || task.epoch !== epoch) return;
    if (this.#leaving.has(workerId)) return;
    const isReady = worker?.state === 'ready' && worker.generation === task.workerGeneration;
    if (isReady && task.workerId === workerId) {
      this.#report('ticket after accept', taskId, `its ticket of epoch ${epoch} is already done`);
    }
  }

  workerLeaves(workerId: string): void {
    this.#leaving.add(workerId);
  }

  refused(error: unknown): void {
    this.#report('nothing refused', null, String(error));
  }

  unexpected(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#report('nothing unexpected', null, text);
  }

  neverFinished(detail: string): void {
    this.#report('everything finishes', this.#logs.findLive(), detail);
  }

  /** A slot count was changed from outside; a reconciler must find it. */
  falsify(workerId: string, by: number): void {
    this.#slots.falsify(workerId, by);
  }

  /** Checks the tables alone once everything has come to rest. */
  checkQuiet(): void {
    const database = this.#database;
    for (const [id, log] of database.events) {
      const ends = log.filter(isEnd);
      if (ends.length !== 1) this.#report('one end', id, `${ends.length} ends`);
    }
    this.#books.checkNothingHeld(database);
    this.#slots.checkQuiet(database);
    this.#books.checkSums();
  }

  get #database(): MemoryDatabase {
    if (!this.#watched) throw new Error('A history needs a database: call watch first.');
    return this.#watched;
  }

  #checkOneTask({ run }: RunInput, taskId: string): void {
    const known = this.#runs.get(run);
    if (known !== undefined) {
      this.#report('one task per Run', taskId, `${run} made task ${known} before`);
    }
    this.#runs.set(run, taskId);
  }

  #checkChange(change: Change, applied: Applied): void {
    const { before, after } = change;
    const database = this.#database;
    this.#slots.rebind(before, after);
    this.#logs.checkRow(after);
    const isEnded = !isTerminal(before.status) && isTerminal(after.status);
    if (isEnded) {
      this.#live -= 1;
      this.#books.release(after);
      this.#limits.end(after);
      this.#counts.add(`outcome: ${after.outcome}`);
      this.#checkTimeout(change);
    }
    const events = applied.events.filter(({ taskId }) => taskId === after.id);
    const fault = checkCommit(change, { database, events });
    if (fault) this.#report(fault.law, after.id, fault.detail);
    if (isEnded) this.#books.checkBill(database, after.id);
  }

  /** A broker may not end a run before its timeout; a worker measures the timeout itself. */
  #checkTimeout({ before, after }: Change): void {
    const isByBroker = after.epoch > before.epoch;
    if (after.outcome !== 'expired' || !isByBroker || before.times.acceptedAt === null) return;
    const acceptedAtMs = this.#logs.find(after.id)?.acceptedAtMs ?? null;
    if (acceptedAtMs === null) return;
    const ranMs = this.#time.now / 1_000 - acceptedAtMs;
    if (ranMs < after.timeoutSeconds * 1_000) {
      this.#report('deadlines respected', after.id, `expired ${ranMs} ms after its accept`);
    }
  }

  #report(law: Law, taskId: string | null, detail: string): void {
    this.broken ??= { law, taskId, detail };
  }
}
