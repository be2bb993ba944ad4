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
  type TaskTime,
} from '@runfleet/protocol';

import type { WorkerState } from './decide-worker.ts';
import { lockWorkers } from './fleet-store.ts';
import type { NewTaskPlan } from './new-task.ts';
import type { TaskChange } from './plan-commit.ts';
import { sumByWorker } from './sum-by-worker.ts';
import type { SlotChange, TaskState, TaskTimes } from './task-state.ts';

/** Each moment's column. */
const TIME_COLUMNS = {
  queuedAt: 'queued_at',
  assignedAt: 'assigned_at',
  acceptedAt: 'accepted_at',
  preprocessStartedAt: 'preprocess_started_at',
  preprocessEndedAt: 'preprocess_ended_at',
  startedAt: 'started_at',
  endedAt: 'ended_at',
  postprocessStartedAt: 'postprocess_started_at',
  postprocessEndedAt: 'postprocess_ended_at',
  cancelledAt: 'cancelled_at',
} as const satisfies Record<TaskTime, string>;

export type TimeColumns = { [C in (typeof TIME_COLUMNS)[TaskTime]]: Micros | null };

export function timesOf(row: TimeColumns): TaskTimes {
  const entries = Object.entries(TIME_COLUMNS).map(([time, column]) => [time, row[column]]);
  return Object.fromEntries(entries) as TaskTimes;
}

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
      avoids, total_cost, outcome, pexit, queued_at, assigned_at, accepted_at,
      preprocess_started_at, preprocess_ended_at, started_at, ended_at, postprocess_started_at,
      postprocess_ended_at, cancelled_at
    from tasks t join organisations o on o.id = t.organisation_id
    where t.id = any(${ids as string[]}::bigint[]) order by t.id for update of t`;
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
      select worker_id from tasks where id = any(${taskIds as string[]}::bigint[])
      union all select unnest(${wanted as string[]}::uuid[])`,
  );
}

export function writeTasks(tx: Transaction, changes: readonly TaskChange[]): Statement {
  return tx`
    update tasks t set
      status = p.status, epoch = p.epoch, seq = p.seq, changed_at = p.changed_at,
      queued_in = p.queued_in, worker_id = p.worker_id, worker_generation = p.worker_generation,
      assigned_pulse = p.assigned_pulse, output_tokens = p.output_tokens,
      infra_attempts = p.infra_attempts, start_by = p.start_by, not_before = p.not_before, avoids = p.avoids,
      assigned_at = p.assigned_at, accepted_at = p.accepted_at,
      preprocess_started_at = p.preprocess_started_at, preprocess_ended_at = p.preprocess_ended_at,
      started_at = p.started_at, ended_at = p.ended_at,
      postprocess_started_at = p.postprocess_started_at,
      postprocess_ended_at = p.postprocess_ended_at, cancelled_at = p.cancelled_at,
      total_cost = p.total_cost, outcome = p.outcome, pexit = p.pexit,
      debug_output = coalesce(p.debug_output, t.debug_output),
      debug_error = coalesce(p.debug_error, t.debug_error),
      outputs = coalesce(p.outputs, t.outputs), receipt = coalesce(p.receipt, t.receipt)
    from json_to_recordset(${JSON.stringify(changes.map(taskRow))}::text::json) as p(
      id bigint, status task_status, epoch int, seq int, changed_at timestamptz, queued_in text,
      worker_id uuid, worker_generation int, assigned_pulse bigint, output_tokens int,
      infra_attempts int, start_by timestamptz, not_before timestamptz, avoids uuid[], assigned_at timestamptz,
      accepted_at timestamptz,
      preprocess_started_at timestamptz, preprocess_ended_at timestamptz, started_at timestamptz,
      ended_at timestamptz, postprocess_started_at timestamptz, postprocess_ended_at timestamptz,
      cancelled_at timestamptz, total_cost numeric, outcome text, pexit text, debug_output text,
      debug_error text, outputs json, receipt json)
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
      ${INITIAL_STATUS}::task_status, 0, seq, queued_at, pool, queued_at,
      price_version, cps, held
    from json_to_recordset(${JSON.stringify(plans.map(newTaskRow))}::text::json) as p(
      id bigint, organisation_id bigint, project_id bigint, owner_id uuid, token text, model_id text,
      pool text, parameters json, seed bigint, timeout_seconds int,
      fairness_key text, priority int, expected_seconds float8, start_by timestamptz, affinity text,
      requires text[], seq int, queued_at timestamptz,
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
    avoids: row.avoids,
    times: timesOf(row),
    totalCost: parseUsd(row.total_cost),
    outcome: row.outcome,
    pexit: row.pexit,
  };
}

function taskRow({ state, patch }: TaskChange) {
  const times = Object.entries(TIME_COLUMNS).map(([time, column]) => {
    const at = state.times[time as TaskTime];
    return [column, at === null ? null : formatMoment(at)];
  });
  return {
    ...Object.fromEntries(times),
    id: state.id,
    status: state.status,
    epoch: state.epoch,
    seq: state.seq,
    changed_at: formatMoment(state.changedAt),
    queued_in: state.status === INITIAL_STATUS ? state.pool : null,
    worker_id: state.workerId,
    worker_generation: state.workerGeneration,
    assigned_pulse: state.assignedPulse,
    output_tokens: state.outputTokens,
    infra_attempts: state.infraAttempts,
    start_by: state.startBy === null ? null : formatMoment(state.startBy),
    not_before: state.notBefore === null ? null : formatMoment(state.notBefore),
    avoids: state.avoids,
    total_cost: formatUsd(state.totalCost),
    outcome: state.outcome,
    pexit: state.pexit,
    ...(patch && {
      debug_output: patch.debugOutput,
      debug_error: patch.debugError,
      outputs: patch.outputs,
      receipt: patch.receipt,
    }),
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
    queued_at: formatMoment(queuedAt),
    price_version: task.model.priceVersion,
    cps: formatUsd(cps),
    held: formatUsd(held),
  };
}
