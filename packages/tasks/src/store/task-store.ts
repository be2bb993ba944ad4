/**
 * The only writer of tasks. A command names a task and a pure decision. The store locks the row,
 * runs the decision, and writes state, events, slots and money in one transaction. Commands of one process
 * share transactions (see `group-commit.ts`); a refused one drops out alone.
 *
 * Locks are taken in one order everywhere: tasks by id, workers by id, accounts by id.
 */
import { lockAccounts, openCounts, readLimits, writeMovements } from '@runfleet/billing';
import { type Db, isConflict, type Statement, transact, type Transaction } from '@runfleet/db';
import { type Micros, RunfleetError, type TaskEvent } from '@runfleet/protocol';
import type { TaskQueue } from '@runfleet/queue';

import type { CreatedTask, NewTask } from '../life/new-task.ts';
import { readLanes } from '../life/parking.ts';
import { type QueueMove, tellQueue } from '../life/queue-moves.ts';
import type { ResultPatch, TaskState } from '../life/task-state.ts';
import { readExpectedSeconds } from '../read/model-statistics.ts';
import { readConversations, writeConversations } from './conversation-statements.ts';
import { readKnownRuns, readPolicies, writeIdempotencyKeys } from './creation-statements.ts';
import { type FleetStore, openFleetStore } from './fleet-store.ts';
import { groupCommit } from './group-commit.ts';
import {
  type Committed,
  type CommandsPlan,
  planCommands,
  planCreations,
  subjectOf,
  type TaskCommand,
} from './plan-commit.ts';
import {
  insertTasks,
  lockTasks,
  lockWorkersOf,
  takeTaskIds,
  writeEvents,
  writeFiles,
  writeSlots,
  writeTasks,
} from './task-statements.ts';
import { writeCallbacks } from './write-callbacks.ts';

export type TaskStore = AsyncDisposable &
  FleetStore & {
    /** Rejects only where Postgres did not answer. The command may then be repeated. */
    commit(command: TaskCommand): Promise<Committed>;
    create(task: NewTask): Promise<CreatedTask>;
  };

type Ctx = {
  db: Db;
  /** Called after each commit with its events. Must not throw. */
  announce: (events: readonly TaskEvent[]) => void;
  /** Receives each commit's changes of the index; null: it gets none. */
  queue: Pick<TaskQueue, QueueMove['do']> | null;
  /** Read in place of the database's clock, for tests that turn it. */
  clock?: () => Micros;
  /** Runs that may wait to be stored. */
  runsWaitingMax?: number;
};

/** A few seconds' worth. Further Runs are refused at once. */
const RUNS_WAITING_MAX = 5_000;

/** The store over Postgres. Disposing waits for the commits that were given. */
export function openTaskStore(ctx: Ctx): TaskStore {
  const { runsWaitingMax = RUNS_WAITING_MAX } = ctx;
  const changes = groupCommit((commands: readonly TaskCommand[]) =>
    retryConflicts(() => commitCommands(ctx, commands)),
  );
  const creations = groupCommit((tasks: readonly NewTask[]) =>
    retryConflicts(() => commitCreations(ctx, tasks)),
  );
  return {
    ...openFleetStore(ctx),
    commit: (command) => changes.add(command),
    async create(task) {
      if (creations.waiting >= runsWaitingMax) {
        throw new RunfleetError(
          'unavailable',
          'Too many Runs wait to be stored. Try again shortly.',
        );
      }
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
  ctx: Ctx,
  commands: readonly TaskCommand[],
): Promise<readonly Committed[]> {
  const ids = [...new Set(commands.map((command) => command.taskId))];
  const readers = commands.filter((command) => command.readsWorkers);
  const { results, events, moves } = await transact(
    ctx.db.sql,
    (tx) =>
      Promise.all([
        lockTasks(tx, ids),
        lockWorkersOf(
          tx,
          readers.map((command) => command.taskId),
          readers.flatMap((command) => command.workerId ?? []),
        ),
        readClock(ctx, tx),
      ]),
    ([tasks, workers, clock]) => {
      const plan = planCommands(commands, { tasks, workers, ...clock });
      return { result: plan, write: (tx) => writeAll(tx, plan) };
    },
  );
  if (events.length > 0) ctx.announce(events);
  if (ctx.queue) tellQueue(ctx.queue, moves);
  return results;
}

/** In the order of the locks: tasks, workers, accounts. */
function writeAll(tx: Transaction, { changes, effects, events }: CommandsPlan): Statement[] {
  if (changes.length === 0) return [];
  const slots = effects.flatMap((effect) => effect.slots);
  const movements = effects.flatMap((effect) => effect.movements);
  const callbacks = effects.flatMap((effect) => effect.callbacks);
  const files = changes.flatMap(({ state, patch }) => filesOf(state, patch));
  return [
    writeTasks(tx, changes),
    writeEvents(tx, events),
    ...(files.length > 0 ? [writeFiles(tx, files)] : []),
    ...(slots.length > 0 ? [writeSlots(tx, slots)] : []),
    ...(callbacks.length > 0 ? [writeCallbacks(tx, callbacks)] : []),
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
  ctx: Ctx,
  tasks: readonly NewTask[],
): Promise<readonly (CreatedTask | RunfleetError)[]> {
  const { results, events, moves } = await transact(
    ctx.db.sql,
    (tx) =>
      Promise.all([
        lockAccounts(tx, [...new Set(tasks.map((task) => task.organisationId))]),
        readPolicies(tx, [...new Set(tasks.map((task) => task.projectId))]),
        readExpectedSeconds(tx, [...new Set(tasks.map((task) => task.model.id))]),
        // After the accounts' locks: any other Run with the same key has committed.
        readKnownRuns(tx, tasks),
        // The same holds for any other turn of the same conversation.
        readConversations(tx, tasks),
        readLanes(tx, tasks),
        // And for any other Run that counts against the same limits.
        readLimits(tx, tasks.map(subjectOf)),
        takeTaskIds(tx, tasks.length),
        readClock(ctx, tx),
      ]),
    ([accounts, policies, usualSeconds, known, conversations, lanes, limits, ids, { now }]) => {
      const read = { accounts, policies, usualSeconds, known, conversations, lanes, limits };
      const plan = planCreations(tasks, { ...read, ids, now });
      const { created, openedCounts, movements } = plan;
      const write = (tx: Transaction): Statement[] =>
        created.length === 0
          ? []
          : [
              ...writeConversations(tx, created),
              insertTasks(tx, created),
              ...writeIdempotencyKeys(tx, created),
              writeEvents(tx, plan.events),
              ...openCounts(tx, openedCounts),
              ...writeMovements(tx, movements),
            ];
      return { result: plan, write };
    },
  );
  if (events.length > 0) ctx.announce(events);
  if (ctx.queue) tellQueue(ctx.queue, moves);
  return results;
}

async function readClock(ctx: Ctx, tx: Transaction): Promise<{ now: Micros; pulse: number }> {
  const [row] = await tx<{ now: bigint; pulse: string }[]>`
    select clock_timestamp() as now, n as pulse from pulse`;
  if (!row) throw new Error('The pulse row is missing; run the migrations.');
  return { now: ctx.clock?.() ?? row.now, pulse: Number(row.pulse) };
}

const CONFLICT_TRIES = 4;

async function retryConflicts<R>(commit: () => Promise<R>): Promise<R> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await commit();
    } catch (error) {
      if (!isConflict(error) || attempt === CONFLICT_TRIES) throw error;
    }
  }
}
