/**
 * Watches a life from outside: what every commit wrote, what processes were told, and what callers
 * got. Checks each law as soon as something happens that could break it, and keeps the first break.
 */
import { type Account } from '@runfleet/billing';
import {
  canTransition,
  INITIAL_STATUS,
  isTerminal,
  parseUsd,
  type Pico,
  TASK_STATUSES,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';
import type { Ticket } from '@runfleet/queue';
import type { Claim, TaskResult } from '@runfleet/tasks';
import { type Applied, LEASE_PULSES, type MemoryDatabase } from '@runfleet/tasks/memory';

import type { Counts } from '../counts.ts';
import type { RunInput } from '../input.ts';
import type { VirtualTime } from '../kernel/virtual-time.ts';
import { billOf } from './bill.ts';
import { checkCommit } from './commit-laws.ts';
import type { Broken, Law } from './laws.ts';
import { Ledger } from './ledger.ts';
import { ReadableText } from './readable-text.ts';

/** Says what happened, for whoever watches a life. */
export type Trace = ((who: string, what: string) => void) | null;

type Seen = { seq: number; epoch: number; status: TaskStatus; acceptedAtMs: number | null };

export class History {
  broken: Broken | null = null;
  readonly #trace: Trace;
  readonly #counts: Counts;
  readonly #time: VirtualTime;
  readonly #tasks = new Map<string, Seen>();
  readonly #ledger = new Ledger();
  readonly #text = new ReadableText();
  /** Tasks bound to each connection of a worker. */
  readonly #bound = new Map<string, number>();
  /** The pulse at which each worker was last heard of. */
  readonly #heardAt = new Map<string, number>();
  /** Slot counts that were falsified on purpose, until a reconciler corrects them. */
  readonly #falsified = new Map<string, number>();
  readonly #runs = new Map<string, string>();
  /** Workers that stop: what they did not accept goes back by itself. */
  readonly #leaving = new Set<string>();
  #live = 0;
  #database: MemoryDatabase | null = null;

  constructor(counts: Counts, time: VirtualTime, trace: Trace) {
    this.#trace = trace;
    this.#counts = counts;
    this.#time = time;
  }

  watch(database: MemoryDatabase): void {
    this.#database = database;
  }

  /** Whether every task has ended and every slot is free. */
  get isAtRest(): boolean {
    return this.#live === 0 && ![...this.#falsified.keys()].some((id) => this.#isListed(id));
  }

  get liveTasks(): number {
    return this.#live;
  }

  /** Called after each transaction, before anybody else can see it. */
  applied(applied: Applied): void {
    for (const { state, task } of applied.created) {
      this.#live += 1;
      this.#ledger.hold(state.organisationId, state.held);
      this.#onceARun(task.parameters as RunInput, state.id);
    }
    for (const event of applied.events) {
      const { taskId, seq, epoch, type } = event;
      this.#trace?.('postgres', `task ${taskId} #${seq} epoch ${epoch} ${type}`);
      this.#happened(event);
    }
    for (const { before, after } of applied.changed) {
      this.#rebind(before, -1);
      this.#rebind(after, +1);
      const seen = this.#tasks.get(after.id);
      if (seen?.seq !== after.seq || seen.epoch !== after.epoch || seen.status !== after.status) {
        this.#break(
          'row and log agree',
          after.id,
          `row ${after.status} ${after.epoch}/${after.seq}`,
        );
      }
      if (!isTerminal(before.status) && isTerminal(after.status)) {
        this.#live -= 1;
        this.#ledger.end(after.organisationId, after.held);
        this.#ended(before, after);
      }
      this.#checkCommit({ before, after }, applied.events);
    }
    for (const transfer of applied.transfers) this.#ledger.post(transfer);
    this.#checkCharges(applied);
    this.#checkAccounts(applied);
    for (const change of applied.workers) this.#workerChanged(change);
  }

  /** A Run was answered with a task. */
  answered(run: string, taskId: string): void {
    const known = this.#runs.get(run);
    if (known !== taskId)
      this.#break('one task per Run', taskId, `${run} is task ${known} as well`);
  }

  /** A worker was told that it ended a task, as it said. */
  toldDone({ taskId, epoch }: Claim, { outcome }: TaskResult): void {
    const seen = this.#tasks.get(taskId);
    const ended = this.#database?.tasks.get(taskId)?.state.outcome;
    if (ended !== outcome) {
      this.#break('own epoch', taskId, `${outcome} was told to be done, but the task ${ended}`);
    }
    if (!seen || !isTerminal(seen.status) || seen.epoch !== epoch) {
      const state = seen ? `${seen.status} in epoch ${seen.epoch}` : 'unknown';
      this.#break('own epoch', taskId, `done was told to epoch ${epoch}, but the task is ${state}`);
    }
  }

  /** What was said of an old epoch was not refused. */
  heededOldEpoch({ taskId, epoch }: Claim, actual: number): void {
    this.#break('old epochs are void', taskId, `epoch ${epoch} was heeded in epoch ${actual}`);
  }

  picked(pool: string, mark: string, actual: string | null): void {
    if (mark === actual) return;
    this.#break('trusted index', null, `${pool} was picked under ${mark}, but it is ${actual}`);
  }

  ticketDone(workerId: string, { taskId, epoch }: Ticket): void {
    const task = this.#database?.tasks.get(taskId)?.state;
    const worker = this.#database?.workers.get(workerId);
    if (task?.status !== 'task_assign' || task.epoch !== epoch) return;
    if (this.#leaving.has(workerId)) return;
    const isOnDuty = worker?.state === 'ready' && worker.generation === task.workerGeneration;
    if (isOnDuty && task.workerId === workerId) {
      this.#break('ticket after accept', taskId, `its ticket of epoch ${epoch} is done already`);
    }
  }

  workerLeaves(workerId: string): void {
    this.#leaving.add(workerId);
  }

  refused(error: unknown): void {
    this.#break('nothing refused', null, String(error));
  }

  unexpected(error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#break('nothing unexpected', null, text);
  }

  neverFinished(detail: string): void {
    const [taskId] = [...this.#tasks].find(([, { status }]) => !isTerminal(status)) ?? [null];
    this.#break('everything finishes', taskId, detail);
  }

  /** A slot count was changed from outside, which a reconciler must find. */
  falsify(workerId: string, by: number): void {
    this.#falsified.set(workerId, (this.#falsified.get(workerId) ?? 0) + by);
  }

  /** Everything once more, from the tables alone, when all is quiet. */
  checkQuiet(): void {
    const database = this.#database;
    if (!database) return;
    for (const [id, log] of database.events) {
      const ends = log.filter(({ type }) => isEnd(type));
      if (ends.length !== 1) this.#break('one end', id, `${ends.length} ends`);
    }
    for (const [id, account] of database.accounts) {
      if (account.held !== 0n || account.activeTasks !== 0) {
        this.#break('holds of the living', null, `account ${id} still holds ${account.held}`);
      }
    }
    for (const { id, used } of database.workers.values()) {
      if (this.#isListed(id) && used !== 0)
        this.#break('slots in use', null, `${id} still uses ${used}`);
    }
    if (!this.#ledger.isRevenueCharged)
      this.#break('true ledger', null, 'revenue is not the charges');
    if (this.#ledger.sum() !== 0n) this.#break('true ledger', null, `sum ${this.#ledger.sum()}`);
  }

  #happened(event: TaskEvent): void {
    const { taskId, seq, epoch, type } = event;
    const last = this.#tasks.get(taskId);
    if (seq !== (last?.seq ?? 0) + 1) {
      this.#break('gapless log', taskId, `event ${seq} after ${last?.seq ?? 'none'}`);
    }
    if (last && isTerminal(last.status)) {
      this.#break('silence after the end', taskId, `${type} after ${last.status}`);
    }
    const misread = this.#text.happened(event);
    if (misread !== null) this.#break('readable text', taskId, misread);
    const status = statusOf(type);
    if (last) {
      if (status !== null && !canTransition(last.status, status)) {
        this.#break('legal moves', taskId, `${last.status} to ${type}`);
      }
      if (status !== null) this.#counts.add(`move: ${last.status} > ${status}`);
      this.#checkEpoch(last, event);
    }
    const acceptedAtMs =
      status === 'task_accept'
        ? this.#time.now / 1_000
        : status === INITIAL_STATUS
          ? null
          : (last?.acceptedAtMs ?? null);
    this.#tasks.set(taskId, {
      seq,
      epoch,
      status: status ?? last?.status ?? INITIAL_STATUS,
      acceptedAtMs,
    });
  }

  /** An epoch begins with an assignment, a requeue or an end that a broker or a caller decides. */
  #checkEpoch(last: Seen, { taskId, epoch, type }: TaskEvent): void {
    const mustRise = type === 'task_assign' || type === INITIAL_STATUS;
    const mayRise = mustRise || RISES_WITH_AN_END.has(type);
    const rise = epoch - last.epoch;
    if ((mustRise && rise !== 1) || (!mayRise && rise !== 0) || rise < 0 || rise > 1) {
      this.#break('epochs rise', taskId, `${type} in epoch ${epoch} after ${last.epoch}`);
    }
  }

  #onceARun({ run }: RunInput, taskId: string): void {
    const known = this.#runs.get(run);
    if (known !== undefined) {
      this.#break('one task per Run', taskId, `${run} made task ${known} before`);
    }
    this.#runs.set(run, taskId);
  }

  #rebind(
    { workerId, workerGeneration }: Applied['changed'][number]['after'],
    delta: number,
  ): void {
    if (workerId === null) return;
    const key = `${workerId}/${workerGeneration}`;
    this.#bound.set(key, (this.#bound.get(key) ?? 0) + delta);
  }

  #ended(
    before: Applied['changed'][number]['before'],
    after: Applied['changed'][number]['after'],
  ): void {
    this.#counts.add(`outcome: ${after.outcome}`);
    // A worker keeps its own time, from the moment that it has the ticket.
    const isByBroker = after.epoch > before.epoch;
    if (after.outcome !== 'expired' || !isByBroker) return;
    const acceptedAtMs =
      before.times.acceptedAt === null ? null : this.#tasks.get(after.id)?.acceptedAtMs;
    if (acceptedAtMs === null || acceptedAtMs === undefined) return;
    const ranMs = this.#time.now / 1_000 - acceptedAtMs;
    if (ranMs < after.timeoutSeconds * 1_000) {
      this.#break('patience with the accepted', after.id, `expired ${ranMs} ms after its accept`);
    }
  }

  #checkCommit(change: Applied['changed'][number], written: readonly TaskEvent[]): void {
    const database = this.#database;
    if (!database) return;
    const { id } = change.after;
    const events = written.filter(({ taskId }) => taskId === id);
    const wrong = checkCommit(change, { database, events });
    if (wrong) this.#break(wrong.law, id, wrong.detail);
    if (!isTerminal(change.before.status) && isTerminal(change.after.status)) this.#checkBill(id);
  }

  #checkBill(id: string): void {
    const row = this.#database?.tasks.get(id);
    if (!row) return;
    const { task, state, patch } = row;
    const { timeoutSeconds } = task;
    const cps = parseUsd(task.model.cps);
    const isCharged = state.outcome === 'succeeded';
    const log = this.#database?.events.get(id) ?? [];
    const { cost, receipt } = billOf(log, { cps, timeoutSeconds, isCharged });
    const told = log.findLast(({ type }) => type === 'task_cost');
    const written = told?.type === 'task_cost' ? told.payload : null;
    const expected = text({ cost, receipt, billed: receipt.seconds.billed, told: receipt.cost });
    const { cps: price, seconds, cost: charged, used } = patch?.receipt ?? {};
    const actual = text({
      cost: state.totalCost,
      receipt: { cps: price, cost: charged, used, seconds },
      billed: written?.seconds,
      told: written?.cost,
    });
    if (actual !== expected) this.#break('exact bill', id, `${actual}, not ${expected}`);
    if (state.held !== BigInt(timeoutSeconds) * cps) {
      this.#break('exact bill', id, `held ${state.held} for ${timeoutSeconds} s at ${cps}`);
    }
    this.#ledger.charge(cost);
  }

  #checkCharges({ changed, transfers }: Applied): void {
    for (const { before, after } of changed) {
      if (isTerminal(before.status) || !isTerminal(after.status)) continue;
      const charge = transfers
        .filter(({ businessKey }) => businessKey === `task:${after.id}:settle`)
        .reduce((sum, { amount }) => sum + amount, 0n);
      const isChargeable = after.outcome === 'succeeded';
      if (charge > after.held || (charge > 0n && !isChargeable) || charge !== after.totalCost) {
        this.#break('one charge', after.id, `${after.outcome}, charged ${charge} of ${after.held}`);
      }
    }
  }

  #checkAccounts({ created, changed, transfers }: Applied): void {
    const touched = new Set<string>();
    for (const { state } of created) touched.add(state.organisationId);
    for (const { after } of changed) {
      if (isTerminal(after.status)) touched.add(after.organisationId);
    }
    for (const { organisationId } of transfers) touched.add(organisationId);
    for (const id of touched) {
      const account = this.#database?.accounts.get(id);
      if (account) this.#checkAccount(id, account);
    }
  }

  #checkAccount(id: string, account: Account): void {
    const { available, held } = this.#ledger.of(id);
    const says = (what: string, row: Pico, sum: Pico) => `${id}: ${what} ${row}, but ${sum}`;
    if (account.balance - account.held !== available) {
      const row = account.balance - account.held;
      this.#break('true ledger', null, says('available', row, available));
    }
    if (account.held !== held) this.#break('true ledger', null, says('held', account.held, held));
    const living = this.#ledger.living(id);
    if (account.held !== living.held || account.activeTasks !== living.count) {
      this.#break('holds of the living', null, says('held', account.held, living.held));
    }
  }

  /** Whether anybody would correct its slot count. */
  #isListed(workerId: string): boolean {
    const state = this.#database?.workers.get(workerId)?.state;
    return state !== 'lost' && state !== 'stopped';
  }

  #workerChanged({ before, after }: Applied['workers'][number]): void {
    const pulse = this.#database?.pulse.n ?? 0;
    if (after.state !== before?.state || after.generation !== before.generation) {
      const { id, state, generation } = after;
      this.#trace?.('postgres', `worker ${id} is ${state}, generation ${generation}`);
    }
    if (after.state !== before?.state)
      this.#counts.add(`worker: ${before?.state ?? 'new'} > ${after.state}`);
    if (after.generation !== before?.generation) this.#falsified.delete(after.id);
    if (after.renewedPulse !== before?.renewedPulse || after.generation !== before.generation) {
      this.#heardAt.set(after.id, pulse);
    }
    const silentFor = pulse - (this.#heardAt.get(after.id) ?? 0);
    if (after.state === 'lost' && before?.state !== 'lost' && silentFor <= LEASE_PULSES) {
      this.#break(
        'leases in pulses',
        null,
        `${after.id} is lost ${silentFor} pulses after it renewed`,
      );
    }
    const bound = this.#bound.get(`${after.id}/${after.generation}`) ?? 0;
    const falsified = this.#falsified.get(after.id) ?? 0;
    if (after.used === bound) this.#falsified.delete(after.id);
    else if (after.used !== bound + falsified) {
      this.#break('slots in use', null, `${after.id} uses ${after.used} slots for ${bound} tasks`);
    }
  }

  #break(law: Law, taskId: string | null, detail: string): void {
    this.broken ??= { law, taskId, detail };
  }
}

/** Events before an end in the same commit, which may begin the end's epoch. */
const RISES_WITH_AN_END: ReadonlySet<string> = new Set([
  'task_error',
  'task_error_full',
  'task_end',
  'task_postprocess_start',
  'task_cost',
  'task_cancel',
  'task_postprocess_end',
]);

const text = (value: unknown) =>
  JSON.stringify(value, (_, part) => (typeof part === 'bigint' ? String(part) : part));

const STATUSES: ReadonlySet<string> = new Set(TASK_STATUSES);

function isEnd(type: string): boolean {
  const status = statusOf(type);
  return status !== null && isTerminal(status);
}

function statusOf(type: string): TaskStatus | null {
  return STATUSES.has(type) ? (type as TaskStatus) : null;
}
