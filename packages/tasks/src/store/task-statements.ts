/** The statements of the task store. Each names its columns and runs inside the store's transaction. */
import { formatMoment, type Statement, type Transaction } from '@runfleet/db';
import {
  formatUsd,
  INITIAL_STATUS,
  type Micros,
  type Outcome,
  parseUsd,
  type StoredFile,
  type TaskEvent,
  type TaskStatus,
} from '@runfleet/protocol';

import type { WorkerState } from '../fleet/decide-worker.ts';
import type { NewTaskPlan } from '../life/new-task.ts';
import { queuedInOf } from '../life/parking.ts';
import type { SlotChange, TaskState } from '../life/task-state.ts';
import { lockWorkers } from './fleet-store.ts';
import type { TaskChange } from './plan-commit.ts';
import { sumByWorker } from './sum-by-worker.ts';
import {
  TASK_ASSIGNMENTS,
  TASK_RECORD,
  taskRecord,
  type TimeColumns,
  timesOf,
} from './task-columns.ts';

type LockedRow = TimeColumns & {
  id: string;
  organisation_id: string;
  pool: string;
  timeout_seconds: number;
  price_version: string;
  cps: string;
  held: string;
  requires: string[];
  fairness_key: string;
  priority: number;
  expected_seconds: number;
  weight: number;
  running_limit: number | null;
  start_by: Micros | null;
  status: TaskStatus;
  epoch: number;
  seq: number;
  changed_at: Micros;
  worker_id: string | null;
  worker_generation: number | null;
  assigned_pulse: string | null;
  output_tokens: number;
  infra_attempts: number;
  not_before: Micros | null;
  is_parked: boolean;
  avoids: string[];
  total_cost: string;
  outcome: Outcome | null;
  pexit: string;
};

export async function lockTasks(
  tx: Transaction,
  ids: readonly string[],
): Promise<Map<string, TaskState>> {
  const rows = await tx<LockedRow[]>`
    select t.id, organisation_id, pool, timeout_seconds, price_version, cps, held, requires, fairness_key,
      priority, expected_seconds, weight, running_limit, start_by, status, epoch, seq, changed_at,
      worker_id, worker_generation, assigned_pulse, output_tokens, infra_attempts, not_before,
      coalesce(queued_in <> pool, false) as is_parked, avoids, total_cost, outcome, pexit, queued_at, assigned_at, accepted_at,
      preprocess_started_at, preprocess_ended_at, started_at, ended_at, postprocess_started_at,
      postprocess_ended_at, cancelled_at
    from tasks t join organisations o on o.id = t.organisation_id
    where t.id = any(${ids}::bigint[]) order by t.id for update of t`;
  return new Map(rows.map((row) => [row.id, stateOf(row)]));
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
    update tasks t set ${tx.unsafe(TASK_ASSIGNMENTS)}
    from json_to_recordset(${JSON.stringify(changes.map(taskRecord))}::text::json)
      as p(${tx.unsafe(TASK_RECORD)})
    where t.id = p.id
      -- Said twice because the planner cannot see how few rows there are, and would scan the table.
      and t.id = any(${changes.map(({ state }) => state.id)}::bigint[])`;
}

/** As many new task ids. */
export async function takeTaskIds(tx: Transaction, count: number): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    select nextval('tasks_id_seq') as id from generate_series(1, ${count})`;
  return rows.map((row) => row.id);
}

export function insertTasks(tx: Transaction, plans: readonly NewTaskPlan[]): Statement {
  return tx`
    insert into tasks (id, organisation_id, project_id, owner_id, token, model_id, pool, parameters,
      seed, timeout_seconds, fairness_key, priority, expected_seconds, start_by, affinity, requires,
      status, epoch, seq, changed_at, queued_in, queued_at, price_version, cps,
      held)
    overriding system value
    select id, organisation_id, project_id, owner_id, token, model_id, pool, parameters, seed,
      timeout_seconds, fairness_key, priority, expected_seconds, start_by, affinity, requires,
      ${INITIAL_STATUS}::task_status, 0, seq, queued_at, queued_in, queued_at,
      price_version, cps, held
    from json_to_recordset(${JSON.stringify(plans.map(newTaskRow))}::text::json) as p(
      id bigint, organisation_id bigint, project_id bigint, owner_id uuid, token text, model_id text,
      pool text, parameters json, seed bigint, timeout_seconds int,
      fairness_key text, priority int, expected_seconds float8, start_by timestamptz, affinity text,
      requires text[], seq int, queued_in text, queued_at timestamptz,
      price_version text, cps numeric, held numeric)`;
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

/** A worker that registered anew counts from zero; releases of its former life pass it by. */
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

function stateOf(row: LockedRow): TaskState {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    pool: row.pool,
    timeoutSeconds: row.timeout_seconds,
    priceVersion: row.price_version,
    cps: parseUsd(row.cps),
    held: parseUsd(row.held),
    requires: row.requires,
    fairnessKey: row.fairness_key,
    priority: row.priority,
    expectedSeconds: row.expected_seconds,
    weight: row.weight,
    runningLimit: row.running_limit,
    startBy: row.start_by,
    status: row.status,
    epoch: row.epoch,
    seq: row.seq,
    changedAt: row.changed_at,
    workerId: row.worker_id,
    workerGeneration: row.worker_generation,
    assignedPulse: row.assigned_pulse === null ? null : Number(row.assigned_pulse),
    outputTokens: row.output_tokens,
    infraAttempts: row.infra_attempts,
    notBefore: row.not_before,
    isParked: row.is_parked,
    avoids: row.avoids,
    times: timesOf(row),
    totalCost: parseUsd(row.total_cost),
    outcome: row.outcome,
    pexit: row.pexit,
  };
}

function newTaskRow({
  id,
  token,
  task,
  held,
  cps,
  queuedAt,
  startBy,
  expectedSeconds,
  isParked,
  events,
}: NewTaskPlan) {
  return {
    id,
    organisation_id: task.organisationId,
    project_id: task.projectId,
    owner_id: task.ownerId,
    token,
    model_id: task.model.id,
    pool: task.model.pool,
    parameters: task.parameters,
    seed: task.seed.toString(),
    timeout_seconds: task.timeoutSeconds,
    fairness_key: task.fairnessKey,
    priority: task.priority,
    expected_seconds: expectedSeconds,
    start_by: startBy === null ? null : formatMoment(startBy),
    affinity: task.affinity,
    requires: task.requires,
    seq: events.length,
    queued_in: queuedInOf(task.model.pool, isParked),
    queued_at: formatMoment(queuedAt),
    price_version: task.model.priceVersion,
    cps: formatUsd(cps),
    held: formatUsd(held),
  };
}
