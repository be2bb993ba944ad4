import type { Db } from '@runfleet/db';
import {
  MESSAGES,
  type Micros,
  type Outcome,
  parseUsd,
  type Pico,
  type Receipt,
  RunfleetError,
  type TaskOutputItem,
  type TaskStatus,
  type TaskTime,
  TASK_ID_PATTERN,
} from '@runfleet/protocol';

import { type TimeColumns, timesOf } from '../store/task-columns.ts';

/** A task as readers see it. */
export type TaskRow = {
  id: string;
  organisationId: string;
  projectId: string;
  ownerId: string;
  token: string;
  modelId: string;
  pool: string;
  parameters: Record<string, unknown>;
  seed: string;
  timeoutSeconds: number;
  fairnessKey: string;
  priority: number;
  expectedSeconds: number;
  startBy: Micros | null;
  /** Labels that its worker must carry. */
  requires: readonly string[];
  affinity: string | null;
  status: TaskStatus;
  epoch: number;
  seq: number;
  workerId: string | null;
  infraAttempts: number;
  times: Record<TaskTime, Micros | null>;
  priceVersion: string;
  cps: Pico;
  held: Pico;
  totalCost: Pico;
  outcome: Outcome | null;
  pexit: string;
  debugOutput: string;
  debugError: string;
  outputs: readonly TaskOutputItem[];
  receipt: Receipt | null;
};

export type TaskReference = { id: string } | { token: string };

export type TaskRecord = TimeColumns & {
  id: string;
  organisation_id: string;
  project_id: string;
  owner_id: string;
  token: string;
  model_id: string;
  pool: string;
  parameters: Record<string, unknown>;
  seed: string;
  timeout_seconds: number;
  fairness_key: string;
  priority: number;
  expected_seconds: number;
  start_by: Micros | null;
  requires: string[];
  affinity: string | null;
  status: TaskStatus;
  epoch: number;
  seq: number;
  worker_id: string | null;
  infra_attempts: number;
  price_version: string;
  cps: string;
  held: string;
  total_cost: string;
  outcome: Outcome | null;
  pexit: string;
  debug_output: string;
  debug_error: string;
  outputs: TaskOutputItem[];
  receipt: Receipt | null;
};

export const TASK_COLUMNS = [
  'id',
  'organisation_id',
  'project_id',
  'owner_id',
  'token',
  'model_id',
  'pool',
  'parameters',
  'seed',
  'timeout_seconds',
  'fairness_key',
  'priority',
  'expected_seconds',
  'start_by',
  'requires',
  'affinity',
  'status',
  'epoch',
  'seq',
  'worker_id',
  'infra_attempts',
  'queued_at',
  'assigned_at',
  'accepted_at',
  'preprocess_started_at',
  'preprocess_ended_at',
  'started_at',
  'ended_at',
  'postprocess_started_at',
  'postprocess_ended_at',
  'cancelled_at',
  'price_version',
  'cps',
  'held',
  'total_cost',
  'outcome',
  'pexit',
  'debug_output',
  'debug_error',
  'outputs',
  'receipt',
] as const satisfies readonly (keyof TaskRecord)[];

/** Throws `task_not_found` for an unknown task, and for another tenant's just the same. */
export async function readTask(
  ctx: { db: Db },
  input: { organisationId: string; reference: TaskReference },
): Promise<TaskRow> {
  const { organisationId, reference } = input;
  const { sql } = ctx.db;
  const isReadable = 'token' in reference || TASK_ID_PATTERN.test(reference.id);
  const [row] = isReadable
    ? await sql<TaskRecord[]>`
        select ${sql(TASK_COLUMNS)} from tasks
        where organisation_id = ${organisationId}
          and ${'token' in reference ? sql`token = ${reference.token}` : sql`id = ${reference.id}`}`
    : [];
  if (!row) throw new RunfleetError('task_not_found', MESSAGES.taskNotFound);
  return toTaskRow(row);
}

/** Which tasks tokens stand for, by token: it alone is the authority over a task's socket. */
export async function readTaskIds(
  ctx: { db: Db },
  tokens: readonly string[],
): Promise<Map<string, string>> {
  const rows = await ctx.db.sql<{ token: string; id: string }[]>`
    select token, id from tasks where token = any(${tokens})`;
  return new Map(rows.map(({ token, id }) => [token, id]));
}

/** The token of an organisation's task; null for an unknown task, and for another tenant's just the same. */
export async function readTaskToken(
  ctx: { db: Db },
  task: { organisationId: string; id: string },
): Promise<string | null> {
  if (!TASK_ID_PATTERN.test(task.id)) return null;
  const [row] = await ctx.db.sql<{ token: string }[]>`
    select token from tasks where organisation_id = ${task.organisationId} and id = ${task.id}`;
  return row?.token ?? null;
}

export function toTaskRow(row: TaskRecord): TaskRow {
  return {
    id: row.id,
    organisationId: row.organisation_id,
    projectId: row.project_id,
    ownerId: row.owner_id,
    token: row.token,
    modelId: row.model_id,
    pool: row.pool,
    parameters: row.parameters,
    seed: row.seed,
    timeoutSeconds: row.timeout_seconds,
    fairnessKey: row.fairness_key,
    priority: row.priority,
    expectedSeconds: row.expected_seconds,
    startBy: row.start_by,
    requires: row.requires,
    affinity: row.affinity,
    status: row.status,
    epoch: row.epoch,
    seq: row.seq,
    workerId: row.worker_id,
    infraAttempts: row.infra_attempts,
    times: timesOf(row),
    priceVersion: row.price_version,
    cps: parseUsd(row.cps),
    held: parseUsd(row.held),
    totalCost: parseUsd(row.total_cost),
    outcome: row.outcome,
    pexit: row.pexit,
    debugOutput: row.debug_output,
    debugError: row.debug_error,
    outputs: row.outputs,
    receipt: row.receipt,
  };
}
