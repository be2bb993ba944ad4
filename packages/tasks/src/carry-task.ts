/** What a worker writes about a task that it carries. Each returns `fenced` where the task is no longer its own. */
import { type Db, shareReads } from '@runfleet/db';
import type { Ticket } from '@runfleet/queue';

import {
  decideAccept,
  decideBegin,
  decideFinish,
  decideOutput,
  decideStart,
  type Output,
} from './life/decide.ts';
import type { TaskResult } from './life/task-state.ts';
import { columnSet, selectList } from './store/column-set.ts';
import type { Committed } from './store/plan-commit.ts';
import type { TaskFields } from './store/task-record.ts';
import type { TaskStore } from './store/task-store.ts';

export type Carried = 'done' | 'fenced';

/** What a worker needs of a task to run it. None of it changes after the Run. */
export type TaskToRun = TaskFields<'run'>;

/** Finds what to run. Null for a task that is gone. */
export type RunReader = (taskId: string) => Promise<TaskToRun | null>;

const RUN = columnSet('run');

/** A worker's reader of tasks to run: those that come together are read together. */
export function openRunReader(ctx: { db: Db }): RunReader {
  return shareReads(async (ids) => {
    const { sql } = ctx.db;
    const rows = await sql`
      select ${sql.unsafe(selectList(RUN))} from tasks t
      where t.id = any(${ids}::bigint[])`;
    return new Map(rows.map((row) => RUN.read(row)).map((task) => [task.id, task]));
  });
}

/** Confirms a ticket. */
export function acceptTask(
  ctx: { store: TaskStore },
  ticket: Ticket & { workerId: string },
): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: ticket.taskId,
      readsWorkers: false,
      decide: (state) => decideAccept(state, ticket),
    }),
  );
}

/** Confirms a ticket whose run is prepared, and starts it. */
export function beginTask(
  ctx: { store: TaskStore },
  ticket: Ticket & { workerId: string },
): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: ticket.taskId,
      readsWorkers: false,
      decide: (state) => decideBegin(state, ticket),
    }),
  );
}

/** Says that the input is ready and the model begins. */
export function startTask(ctx: { store: TaskStore }, ticket: Ticket): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: ticket.taskId,
      readsWorkers: false,
      decide: (state) => decideStart(state, ticket),
    }),
  );
}

/** Adds text to the answer in the log; what is there already, by its count of tokens, is not added twice. */
export function appendOutput(
  ctx: { store: TaskStore },
  ticket: Ticket,
  output: Output,
): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: ticket.taskId,
      readsWorkers: false,
      decide: (state) => decideOutput(state, { epoch: ticket.epoch, ...output }),
    }),
  );
}

/** Terminal state, settlement, events and files in one commit; a repeat gives the same answer. */
export function finishTask(
  ctx: { store: TaskStore },
  ticket: Ticket,
  end: { result: TaskResult; lastOutput?: Output | undefined },
): Promise<Carried> {
  return carried(
    ctx.store.commit({
      taskId: ticket.taskId,
      readsWorkers: false,
      decide: (state) => decideFinish(state, { epoch: ticket.epoch, ...end }),
    }),
  );
}

async function carried(committed: Promise<Committed>): Promise<Carried> {
  return 'refused' in (await committed) ? 'fenced' : 'done';
}
