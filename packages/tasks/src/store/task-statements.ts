/** The statements of the task store. Each names its columns and runs inside the store's transaction. */
import { cpsOf } from '@runfleet/billing';
import { formatMoment, type Statement, type Transaction } from '@runfleet/db';
import { type Micros, parseUsd, type StoredFile, type TaskEvent } from '@runfleet/protocol';

import type { WorkerState } from '../fleet/decide-worker.ts';
import type { NewTaskPlan } from '../life/new-task.ts';
import type { SlotChange, TaskState } from '../life/task-state.ts';
import { type ColumnSet, columnSet, selectList } from './column-set.ts';
import { lockWorkers } from './fleet-store.ts';
import type { TaskChange } from './plan-commit.ts';
import { sumByWorker } from './sum-by-worker.ts';
import type { Use } from './task-record.ts';

const DECIDE = columnSet('decide');
const CHANGE = columnSet('change');
const END = columnSet('end');
const CREATE = columnSet('create');

const LOCKED = selectList(DECIDE);
const ASSIGNMENTS = [
  ...CHANGE.names.map((name) => `${name} = p.${name}`),
  // Only the commit that ends a task writes these; all others keep them.
  ...END.names.map((name) => `${name} = coalesce(p.${name}, t.${name})`),
].join(', ');
const CHANGED = ['id bigint', ...CHANGE.definitions, ...END.definitions].join(', ');

type LockedRow = Pick<TaskState, 'weight' | 'runningLimit' | 'hasEndpoints'>;

export async function lockTasks(
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, TaskState>> {
  const rows = await tx<LockedRow[]>`
    select ${tx.unsafe(LOCKED)}, o.weight, o.running_limit as "runningLimit",
      o.has_callback_endpoints as "hasEndpoints"
    from tasks t join organisations o on o.id = t.organisation_id
    where t.id = any(${ids}::bigint[]) order by t.id for update of t`;
  const states = rows.map((row): TaskState => {
    const { weight, runningLimit, hasEndpoints } = row;
    return Object.assign(DECIDE.read(row), { weight, runningLimit, hasEndpoints });
  });
  return new Map(states.map((state) => [state.id, state]));
}

/** Locks the workers that the tasks are bound to, and those that are wanted. */
export async function lockWorkersOf(
  tx: Transaction,
  taskIds: readonly string[],
  wanted: readonly string[],
): Promise<Map<string, WorkerState>> {
  if (taskIds.length === 0) return new Map();
  return lockWorkers(
    tx,
    (of) => of`
      select worker_id from tasks where id = any(${taskIds}::bigint[])
      union all select unnest(${wanted}::uuid[])`,
  );
}

export function writeTasks(tx: Transaction, changes: readonly TaskChange[]): Statement {
  return tx`
    update tasks t set ${tx.unsafe(ASSIGNMENTS)}
    from json_to_recordset(${JSON.stringify(changes.map(changedRow))}::text::json)
      as p(${tx.unsafe(CHANGED)})
    where t.id = p.id
      -- Said twice because the planner cannot see how few rows there are, and would scan the table.
      and t.id = any(${changes.map(({ state }) => state.id)}::bigint[])`;
}

function changedRow({ state, patch }: TaskChange): object {
  const row = CHANGE.write(state, { id: state.id });
  return patch ? END.write(patch, row) : row;
}

/** As many new task ids. */
export async function takeTaskIds(tx: Transaction, count: number): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select nextval('tasks_id_seq') as id from generate_series(1, ${count})`;
  return rows.map((row) => row.id);
}

export function insertTasks(tx: Transaction, plans: readonly NewTaskPlan[]): Statement {
  return insertRows(
    tx,
    CREATE,
    plans.map((plan) => CREATE.write(createdFields(plan), {})),
  );
}

/** Inserts tasks with the columns of a set; the others get their defaults. */
export function insertRows<U extends Use>(
  tx: Transaction,
  { names, definitions }: ColumnSet<U>,
  rows: readonly object[],
): Statement {
  const list = tx.unsafe(names.join(', '));
  return tx`
    insert into tasks (${list}) overriding system value
    select ${list} from json_to_recordset(${JSON.stringify(rows)}::text::json)
      as p(${tx.unsafe(definitions.join(', '))})`;
}

/** The columns of a plan's task. */
export function createdFields({ token, task, turn, state }: NewTaskPlan) {
  const { projectId, ownerId, parameters, fileTexts, affinity } = task;
  const fields = {
    projectId,
    ownerId,
    token,
    modelId: task.model.id,
    parameters,
    fileTexts,
    seed: task.seed.toString(),
    conversationId: turn?.conversationId ?? null,
    turn: turn?.turn ?? null,
    parentId: turn?.parentId ?? null,
    systemTurnId: turn?.systemTurnId ?? null,
    affinity,
    limits: task.limits,
    priceVersion: state.price.version,
    cps: parseUsd(cpsOf(state.price)),
  };
  // A literal with `...state` becomes a dictionary in V8, which costs thirty times as much.
  return Object.assign(fields, state);
}

export function writeEvents(tx: Transaction, events: readonly TaskEvent[]): Statement {
  const rows = events.map(({ taskId, seq, epoch, type, payload, at }) => ({
    task_id: taskId,
    seq,
    epoch,
    type,
    payload,
    at: formatMoment(at),
  }));
  return tx`
    insert into task_events (task_id, seq, epoch, type, payload, at)
    select task_id, seq, epoch, type, payload, at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as e(
      task_id bigint, seq int, epoch int, type text, payload json, at timestamptz)`;
}

/** A worker that registered again counts from zero. Releases of its earlier connection do not apply. */
export function writeSlots(tx: Transaction, changes: readonly SlotChange[]): Statement {
  return tx`
    update workers w set used = w.used + c.delta,
      strikes = case when c.succeeded then 0 else w.strikes end + c.strikes
    from json_to_recordset(${JSON.stringify(sumByWorker(changes))}::text::json)
      as c(id uuid, generation int, delta int, succeeded boolean, strikes int)
    where w.id = c.id and w.generation = c.generation`;
}

export function writeFiles(
  tx: Transaction,
  files: readonly (StoredFile & { organisationId: string; taskId: string; createdAt: Micros })[],
): Statement {
  const rows = files.map((file) => ({
    id: file.id,
    access_key: file.accessKey,
    organisation_id: file.organisationId,
    task_id: file.taskId,
    name: file.name,
    content_type: file.contentType,
    size_bytes: file.sizeBytes,
    storage_key: file.storageKey,
    created_at: formatMoment(file.createdAt),
  }));
  return tx`
    insert into files (id, access_key, organisation_id, task_id, name, content_type, size_bytes,
      storage_key, created_at)
    select id, access_key, organisation_id, task_id, name, content_type, size_bytes, storage_key,
      created_at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as f(
      id text, access_key text, organisation_id bigint, task_id bigint, name text,
      content_type text, size_bytes bigint, storage_key text, created_at timestamptz)`;
}
