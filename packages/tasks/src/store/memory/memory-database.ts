/**
 * The tables in memory. A transaction is one synchronous call: it is seen whole or not at all, and
 * what Postgres' constraints refuse is refused here, before anything is written. So everything that
 * happens between two commits can be simulated, and nothing else.
 */
import {
  type Account,
  countKey,
  type Limit,
  type LimitCount,
  type Movement,
  sumByCount,
} from '@runfleet/billing';
import type { Micros, Pico, TaskEvent } from '@runfleet/protocol';

import type { LeaseState } from '../../fleet/decide-lease.ts';
import type { WorkerState } from '../../fleet/decide-worker.ts';
import type { NewTask, TurnPlan } from '../../life/new-task.ts';
import type { ResultPatch, SlotChange, TaskState } from '../../life/task-state.ts';
import type { WorkerDescription } from '../fleet-store.ts';
import { idempotencyName, type KnownRun, type ProjectPolicy } from '../plan-commit.ts';
import { sumByWorker } from '../sum-by-worker.ts';

export type MemoryTask = {
  readonly task: NewTask;
  readonly token: string;
  readonly turn: TurnPlan | null;
  readonly state: TaskState;
  readonly patch: ResultPatch | null;
};

/** An organisation and the policy of its projects. */
export type MemoryOrganisation = Readonly<ProjectPolicy>;

type Transfer = Movement['transfers'][number];

/** What one transaction writes. */
export type Writes = {
  created?: readonly MemoryTask[];
  changed?: readonly { state: TaskState; patch: ResultPatch | null }[];
  events?: readonly TaskEvent[];
  slots?: readonly SlotChange[];
  openedCounts?: readonly LimitCount[];
  movements?: readonly Movement[];
  worker?: WorkerState;
  description?: Partial<WorkerDescription>;
};

type Change<T> = { readonly before: T; readonly after: T };

/** What one transaction wrote, for watchers. Nothing in it changes afterwards. */
export type Applied = {
  readonly created: readonly MemoryTask[];
  readonly changed: readonly Change<TaskState>[];
  readonly events: readonly TaskEvent[];
  readonly transfers: readonly Transfer[];
  readonly workers: readonly {
    readonly before: WorkerState | undefined;
    readonly after: WorkerState;
  }[];
};

/** A write that a constraint refuses, with Postgres' code. */
export class ConstraintError extends Error {
  override readonly name = 'ConstraintError';
  readonly code: '23505' | '23514';

  constructor(code: '23505' | '23514', message: string) {
    super(message);
    this.code = code;
  }
}

export class MemoryDatabase {
  readonly clock: () => Micros;
  readonly organisations = new Map<string, MemoryOrganisation>();
  /** Slot-seconds that tasks took recently, by model. */
  readonly usualSeconds = new Map<string, number>();
  readonly tasks = new Map<string, MemoryTask>();
  /** What idempotency keys stand for, by `idempotencyName`. */
  readonly knownRuns = new Map<string, KnownRun>();
  readonly events = new Map<string, readonly TaskEvent[]>();
  readonly accounts = new Map<string, Readonly<Account>>();
  /** By organisation. */
  readonly limits = new Map<string, readonly Limit[]>();
  readonly limitCounts = new Map<string, Readonly<LimitCount>>();
  /** The latest count of a limit and a subject, by `countKey`. */
  readonly latestCounts = new Map<string, Readonly<LimitCount>>();
  readonly transfers = new Map<string, Transfer>();
  readonly workers = new Map<string, WorkerState>();
  readonly descriptions = new Map<string, Partial<WorkerDescription>>();
  readonly poolLeases = new Map<string, LeaseState>();
  /** What the partial indexes of `tasks` hold: those that wait, and those that have a worker. */
  readonly queuedIds = new Set<string>();
  readonly boundIds = new Set<string>();
  pulse: { readonly n: number; readonly at: Micros };
  #lastTaskId = 0;
  readonly #watch: (applied: Applied) => void;

  constructor(options: { clock: () => Micros; watch?: (applied: Applied) => void }) {
    this.clock = options.clock;
    this.#watch = options.watch ?? (() => {});
    this.pulse = { n: 0, at: options.clock() };
  }

  /** An organisation with `balance` on its account. */
  addOrganisation(id: string, balance: Pico, options: Partial<MemoryOrganisation> = {}): void {
    this.organisations.set(id, {
      weight: 1,
      runningLimit: null,
      overflow: 'reject',
      ...options,
    });
    this.accounts.set(id, { balance: 0n, held: 0n, activeTasks: 0 });
    const transfer = {
      businessKey: `deposit:${id}`,
      organisationId: id,
      taskId: null,
      debit: 'deposits',
      credit: `customer:${id}`,
      amount: balance,
    };
    const change = { organisationId: id, balance, held: 0n, activeTasks: 0 };
    this.write({ movements: [{ transfers: [transfer], change, counts: [] }] });
  }

  /** Ids are handed out outside transactions: a gap is harmless. */
  takeTaskIds(count: number): string[] {
    return Array.from({ length: count }, () => String(++this.#lastTaskId));
  }

  /** A copy that a transaction may change. */
  copyTask(id: string): TaskState | undefined {
    const state = this.tasks.get(id)?.state;
    return state && { ...state, times: { ...state.times } };
  }

  /** How many tasks are bound to one connection of a worker. */
  countBound(workerId: string, generation: number): number {
    let count = 0;
    for (const id of this.boundIds) {
      const state = this.tasks.get(id)?.state;
      if (state?.workerId === workerId && state.workerGeneration === generation) count += 1;
    }
    return count;
  }

  /** All of it or nothing. Throws `ConstraintError`. */
  write(writes: Writes): void {
    const { created = [], changed = [], events = [], slots = [], movements = [] } = writes;
    const transfers = movements.flatMap((movement) => movement.transfers);
    this.#requireNewSeqs(events);
    this.#requireNewKeys(transfers);
    const workers = this.#movedWorkers(slots);
    if (writes.worker) {
      workers.push({ before: this.workers.get(writes.worker.id), after: writes.worker });
    }
    for (const { after } of workers) requireSlots(after);
    const accounts = this.#movedAccounts(movements);
    const counts = this.#movedCounts(writes.openedCounts ?? [], movements);

    for (const task of created) {
      this.#put(task);
      this.#remember(task);
    }
    const moved = changed.map(({ state, patch }) => {
      const row = this.tasks.get(state.id);
      if (!row) throw new Error(`Task ${state.id} is not there.`);
      this.#put({ ...row, state, patch: patch ?? row.patch });
      return { before: row.state, after: state };
    });
    for (const event of events) {
      this.events.set(event.taskId, [...(this.events.get(event.taskId) ?? []), event]);
    }
    for (const transfer of transfers) this.transfers.set(transfer.businessKey, transfer);
    for (const [id, account] of accounts) this.accounts.set(id, account);
    for (const count of counts) this.#putCount(count);
    for (const { after } of workers) this.workers.set(after.id, after);
    if (writes.worker) this.#describe(writes.worker.id, writes.description ?? {});
    this.#watch({ created, changed: moved, events, transfers, workers });
  }

  #put(task: MemoryTask): void {
    const { id, status, workerId } = task.state;
    this.tasks.set(id, task);
    setMember(this.queuedIds, id, status === 'task_queue');
    setMember(this.boundIds, id, workerId !== null);
  }

  #remember({ task, token, state }: MemoryTask): void {
    if (!task.idempotency) return;
    const { key, requestHash } = task.idempotency;
    const { id, changedAt: createdAt } = state;
    const name = idempotencyName(task.projectId, key);
    this.knownRuns.set(name, { requestHash, createdAt, id, token });
  }

  #describe(workerId: string, told: Partial<WorkerDescription>): void {
    const known = this.descriptions.get(workerId);
    this.descriptions.set(workerId, { ...known, ...told });
  }

  #requireNewSeqs(events: readonly TaskEvent[]): void {
    const written = new Set<string>();
    for (const { taskId, seq } of events) {
      const key = `${taskId}/${seq}`;
      const isTaken = this.events.get(taskId)?.some((event) => event.seq === seq);
      if (isTaken || written.has(key)) throw new ConstraintError('23505', `event ${key} exists`);
      written.add(key);
    }
  }

  #requireNewKeys(transfers: readonly Transfer[]): void {
    const keys = new Set<string>();
    for (const { businessKey, amount, debit, credit } of transfers) {
      if (this.transfers.has(businessKey) || keys.has(businessKey)) {
        throw new ConstraintError('23505', `transfer ${businessKey} exists`);
      }
      if (amount <= 0n || debit === credit) {
        throw new ConstraintError('23514', `transfer ${businessKey} moves nothing`);
      }
      keys.add(businessKey);
    }
  }

  /** A worker that registered again counts from zero. Releases of its earlier connection do not apply. */
  #movedWorkers(
    slots: readonly SlotChange[],
  ): { before: WorkerState | undefined; after: WorkerState }[] {
    return sumByWorker(slots).flatMap(({ id, generation, delta, succeeded, strikes }) => {
      const before = this.workers.get(id);
      if (before?.generation !== generation) return [];
      const used = before.used + delta;
      const after = { ...before, used, strikes: (succeeded ? 0 : before.strikes) + strikes };
      return [{ before, after }];
    });
  }

  #movedAccounts(movements: readonly Movement[]): Map<string, Account> {
    const accounts = new Map<string, Account>();
    for (const { change } of movements) {
      const { organisationId: id } = change;
      const account = accounts.get(id) ?? this.accounts.get(id);
      // Like an update of a row that does not exist.
      if (!account) continue;
      accounts.set(id, {
        balance: account.balance + change.balance,
        held: account.held + change.held,
        activeTasks: account.activeTasks + change.activeTasks,
      });
    }
    for (const [id, account] of accounts) {
      if (account.held < 0n || account.activeTasks < 0) {
        throw new ConstraintError('23514', `account ${id} would be negative`);
      }
    }
    return accounts;
  }

  #movedCounts(
    opened: readonly LimitCount[],
    movements: readonly Movement[],
  ): readonly LimitCount[] {
    const counts = new Map<string, LimitCount>();
    for (const count of opened) {
      if (this.limitCounts.has(count.name)) {
        throw new ConstraintError('23505', `count ${count.name} exists`);
      }
      counts.set(count.name, count);
    }
    for (const { name, settled, held, active } of sumByCount(movements)) {
      const before = counts.get(name) ?? this.limitCounts.get(name);
      // Like an update of a row that does not exist.
      if (!before) continue;
      const after = {
        ...before,
        settled: before.settled + settled,
        held: before.held + held,
        active: before.active + active,
      };
      if (after.settled < 0n || after.held < 0n || after.active < 0) {
        throw new ConstraintError('23514', `count ${name} would be negative`);
      }
      counts.set(name, after);
    }
    return [...counts.values()];
  }

  #putCount(count: LimitCount): void {
    const key = countKey(count.limitId, count.subject);
    const latest = this.latestCounts.get(key);
    if (!latest || latest.startsAt <= count.startsAt) this.latestCounts.set(key, count);
    this.limitCounts.set(count.name, count);
  }
}

function requireSlots({ id, used, slots }: WorkerState): void {
  if (used >= 0 && used <= slots) return;
  throw new ConstraintError('23514', `worker ${id} would use ${used} of ${slots} slots`);
}

function setMember(set: Set<string>, id: string, isMember: boolean): void {
  if (isMember) set.add(id);
  else set.delete(id);
}
