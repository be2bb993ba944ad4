/**
 * The only writer of tasks. A command names a task and a pure decision; the store locks the row,
 * asks, and writes state, events, slots and money in one transaction. Commands of one process
 * share transactions (see `group-commit.ts`); a refused one drops out alone.
 *
 * Locks are taken in one order everywhere: tasks by id, workers by id, accounts by id.
 */
import {
  type Account,
  holdFor,
  lockAccounts,
  type Movement,
  requireAdmission,
  writeMovements,
} from '@runfleet/billing';
import { type Db, type Statement, transact, type Transaction } from '@runfleet/db';
import { type Micros, RunfleetError, type TaskEvent } from '@runfleet/protocol';

import { type Decision, isRefusal, type Refusal, type WorkerState } from './decide.ts';
import { GroupCommit } from './group-commit.ts';
import { type NewTask, newTaskPlan, type NewTaskPlan } from './new-task.ts';
import { applyPlan, type Effects, type ResultPatch, type TaskState } from './task-state.ts';
import {
  insertTasks,
  lockTasks,
  lockWorkers,
  takeTaskIds,
  type TaskChange,
  writeEvents,
  writeFiles,
  writeSlots,
  writeTasks,
} from './task-statements.ts';

type TaskCommand = {
  taskId: string;
  /** Whether a slot may be bound or freed, which needs the worker's row lock. */
  movesSlot: boolean;
  /** The worker that a slot is wanted of. */
  workerId?: string;
  decide(
    state: TaskState,
    seen: { now: Micros; pulse: number; worker: WorkerState | undefined },
  ): Decision;
};

/** The task after the command, or why the command did nothing. */
export type Committed = { task: TaskState } | (Refusal & { task: TaskState | null });

export type TaskStore = AsyncDisposable & {
  /** Rejects only where Postgres could not answer; the command may then be given again. */
  commit(command: TaskCommand): Promise<Committed>;
  create(task: NewTask): Promise<{ id: string; token: string }>;
};

export function openTaskStore(options: {
  db: Db;
  /** Called after each commit with what it made visible. Must not throw. */
  announce: (events: readonly TaskEvent[]) => void;
}): TaskStore {
  const { db, announce } = options;
  const changes = new GroupCommit((commands: readonly TaskCommand[]) =>
    retryConflicts(() => commitCommands(db, announce, commands)),
  );
  const creations = new GroupCommit((tasks: readonly NewTask[]) =>
    retryConflicts(() => commitCreations(db, announce, tasks)),
  );
  return {
    commit: (command) => changes.add(command),
    async create(task) {
      const created = await creations.add(task);
      if (created instanceof RunfleetError) throw created;
      return created;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([changes.drain(), creations.drain()]);
    },
  };
}

async function commitCommands(
  db: Db,
  announce: (events: readonly TaskEvent[]) => void,
  commands: readonly TaskCommand[],
): Promise<Committed[]> {
  const ids = [...new Set(commands.map((command) => command.taskId))];
  const movers = commands.filter((command) => command.movesSlot);
  const events: TaskEvent[] = [];
  const results = await transact(
    db.sql,
    (tx) =>
      Promise.all([
        lockTasks(tx, ids),
        lockWorkers(
          tx,
          movers.map((command) => command.taskId),
          movers.flatMap((command) => command.workerId ?? []),
        ),
        readClock(tx),
      ]),
    ([tasks, workers, clock]) => {
      const changed = new Map<string, TaskChange>();
      const effects: Effects[] = [];
      const result = commands.map((command): Committed => {
        const state = tasks.get(command.taskId);
        if (!state) return { refused: 'fenced', task: null };
        const worker = workers.get(command.workerId ?? '');
        const decision = command.decide(state, { ...clock, worker });
        if (isRefusal(decision)) return { ...decision, task: { ...state } };
        if (decision.length > 0) {
          const effect = applyPlan(state, decision, clock.now);
          effects.push(effect);
          for (const { workerId, delta } of effect.slots) {
            const seen = workers.get(workerId);
            if (seen) seen.used += delta;
          }
          const patch = effect.patch ?? changed.get(state.id)?.patch ?? null;
          changed.set(state.id, { state, patch });
        }
        return { task: { ...state } };
      });
      events.push(...effects.flatMap((effect) => effect.events));
      return {
        result,
        write: (tx) => writeAll(tx, [...changed.values()], effects, events),
      };
    },
  );
  if (events.length > 0) announce(events);
  return results;
}

/** In the order of the locks: tasks, workers, accounts. */
function writeAll(
  tx: Transaction,
  changed: readonly TaskChange[],
  effects: readonly Effects[],
  events: readonly TaskEvent[],
): Statement[] {
  if (changed.length === 0) return [];
  const slots = effects.flatMap((effect) => effect.slots);
  const movements = effects.flatMap((effect) => effect.movements);
  const files = changed.flatMap(({ state, patch }) => filesOf(state, patch));
  return [
    writeTasks(tx, changed),
    writeEvents(tx, events),
    ...(files.length > 0 ? [writeFiles(tx, files)] : []),
    ...(slots.length > 0 ? [writeSlots(tx, slots)] : []),
    ...writeMovements(tx, movements),
  ];
}

function filesOf(state: TaskState, patch: ResultPatch | null) {
  return (patch?.files ?? []).map((file) => ({
    ...file,
    organisationId: state.organisationId,
    taskId: state.id,
    createdAt: state.changedAt,
  }));
}

/** Money and limits are checked under the account's lock, so two Runs cannot both spend the last cent. */
async function commitCreations(
  db: Db,
  announce: (events: readonly TaskEvent[]) => void,
  tasks: readonly NewTask[],
): Promise<({ id: string; token: string } | RunfleetError)[]> {
  const events: TaskEvent[] = [];
  const results = await transact(
    db.sql,
    (tx) =>
      Promise.all([
        lockAccounts(tx, [...new Set(tasks.map((task) => task.organisationId))]),
        takeTaskIds(tx, tasks.length),
        readClock(tx),
      ]),
    ([accounts, ids, { now }]) => {
      const movements: Movement[] = [];
      const created: NewTaskPlan[] = [];
      const result = tasks.map((task, index) => {
        const plan = newTaskPlan(ids[index] ?? '', task, now);
        const account = accounts.get(task.organisationId) ?? noAccount();
        const refusal = refusalOf(() => requireAdmission(account, plan.held, task.admission));
        if (refusal) return refusal;
        const movement = holdFor({ id: plan.id, organisationId: task.organisationId }, plan.held);
        account.held += movement.change.held;
        account.activeTasks += movement.change.activeTasks;
        movements.push(movement);
        created.push(plan);
        events.push(...plan.events);
        return { id: plan.id, token: plan.token };
      });
      const write = (tx: Transaction): Statement[] =>
        created.length === 0
          ? []
          : [insertTasks(tx, created), writeEvents(tx, events), ...writeMovements(tx, movements)];
      return { result, write };
    },
  );
  if (events.length > 0) announce(events);
  return results;
}

const noAccount = (): Account => ({ balance: 0n, held: 0n, activeTasks: 0 });

function refusalOf(check: () => void): RunfleetError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof RunfleetError) return error;
    throw error;
  }
}

async function readClock(tx: Transaction): Promise<{ now: Micros; pulse: number }> {
  const [row] = await tx<{ now: bigint; pulse: string }[]>`
    select clock_timestamp() as now, n as pulse from pulse`;
  if (!row) throw new Error('The pulse row is missing; run the migrations.');
  return { now: row.now, pulse: Number(row.pulse) };
}

const CONFLICT_TRIES = 4;
/** Deadlock detected, serialization failure. */
const CONFLICTS: readonly unknown[] = ['40P01', '40001'];

async function retryConflicts<R>(commit: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit();
    } catch (error) {
      const isConflict = CONFLICTS.includes((error as { code?: unknown }).code);
      if (!isConflict || attempt === CONFLICT_TRIES) throw error;
    }
  }
}
