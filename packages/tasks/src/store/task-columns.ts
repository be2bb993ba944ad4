/** The columns of a task that commits change: the update, its record and its rows derive from these. */
import { formatMoment } from '@runfleet/db';
import { formatUsd, INITIAL_STATUS, type Micros, type TaskTime } from '@runfleet/protocol';

import { queuedInOf } from '../life/parking.ts';
import type { ResultPatch, TaskState, TaskTimes } from '../life/task-state.ts';

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

const TIME_ENTRIES = Object.entries(TIME_COLUMNS) as [TaskTime, keyof TimeColumns][];

export function timesOf(row: TimeColumns): TaskTimes {
  const times: Partial<TaskTimes> = {};
  for (const [time, column] of TIME_ENTRIES) times[time] = row[column];
  return times as TaskTimes;
}

type Column<From> = { type: string; of: (from: From) => unknown };

const STATE_COLUMNS: Record<string, Column<TaskState>> = {
  status: { type: 'task_status', of: (state) => state.status },
  epoch: { type: 'int', of: (state) => state.epoch },
  seq: { type: 'int', of: (state) => state.seq },
  changed_at: { type: 'timestamptz', of: (state) => formatMoment(state.changedAt) },
  queued_in: {
    type: 'text',
    of: (state) =>
      state.status === INITIAL_STATUS ? queuedInOf(state.pool, state.isParked) : null,
  },
  worker_id: { type: 'uuid', of: (state) => state.workerId },
  worker_generation: { type: 'int', of: (state) => state.workerGeneration },
  assigned_pulse: { type: 'bigint', of: (state) => state.assignedPulse },
  output_tokens: { type: 'int', of: (state) => state.outputTokens },
  infra_attempts: { type: 'int', of: (state) => state.infraAttempts },
  start_by: { type: 'timestamptz', of: (state) => momentOf(state.startBy) },
  not_before: { type: 'timestamptz', of: (state) => momentOf(state.notBefore) },
  avoids: { type: 'uuid[]', of: (state) => state.avoids },
  total_cost: { type: 'numeric', of: (state) => formatUsd(state.totalCost) },
  outcome: { type: 'text', of: (state) => state.outcome },
  pexit: { type: 'text', of: (state) => state.pexit },
  ...Object.fromEntries(
    TIME_ENTRIES.map(([time, column]) => [
      column,
      { type: 'timestamptz', of: (state: TaskState) => momentOf(state.times[time]) },
    ]),
  ),
};

/** Written by the commit that ends a task, and kept by all others. */
const RESULT_COLUMNS: Record<string, Column<ResultPatch>> = {
  debug_output: { type: 'text', of: (patch) => patch.debugOutput },
  debug_error: { type: 'text', of: (patch) => patch.debugError },
  outputs: { type: 'json', of: (patch) => patch.outputs },
  receipt: { type: 'json', of: (patch) => patch.receipt },
};

const STATE_ENTRIES = Object.entries(STATE_COLUMNS);
const RESULT_ENTRIES = Object.entries(RESULT_COLUMNS);

/** For an update of `tasks t` from `p`. */
export const TASK_ASSIGNMENTS = [
  ...STATE_ENTRIES.map(([name]) => `${name} = p.${name}`),
  ...RESULT_ENTRIES.map(([name]) => `${name} = coalesce(p.${name}, t.${name})`),
].join(', ');

/** What `taskRecord` gives, as a column definition list. */
export const TASK_RECORD = [
  'id bigint',
  ...[...STATE_ENTRIES, ...RESULT_ENTRIES].map(([name, { type }]) => `${name} ${type}`),
].join(', ');

/** What is null is left out, which reads the same and spares most of the text. */
export function taskRecord(change: { state: TaskState; patch: ResultPatch | null }): object {
  const { state, patch } = change;
  const record: Record<string, unknown> = { id: state.id };
  for (const [name, { of }] of STATE_ENTRIES) {
    const value = of(state);
    if (value !== null) record[name] = value;
  }
  if (patch) for (const [name, { of }] of RESULT_ENTRIES) record[name] = of(patch);
  return record;
}

function momentOf(at: Micros | null): string | null {
  return at === null ? null : formatMoment(at);
}
