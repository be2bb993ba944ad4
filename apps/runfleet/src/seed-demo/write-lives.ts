/** Statements that store lives, a few for all of them. */
import { formatMoment, type Transaction } from '@runfleet/db';
import { formatUsd, INITIAL_STATUS, OUTCOMES } from '@runfleet/protocol';

import type { DemoLife } from './demo-life.ts';
import { DEMO_POOL } from './demo-marks.ts';

export async function writeLives(tx: Transaction, lives: readonly DemoLife[]): Promise<void> {
  await insertTasks(tx, lives);
  await insertEvents(tx, lives);
  await insertTransfers(tx, lives);
  await changeAccounts(tx, lives);
}

async function insertTasks(tx: Transaction, lives: readonly DemoLife[]): Promise<void> {
  await tx`
    insert into tasks (id, organisation_id, project_id, owner_id, token, model_id, pool, parameters,
      seed, timeout_seconds, status, epoch, seq, changed_at, queued_in, output_tokens,
      infra_attempts, queued_at, assigned_at, accepted_at, preprocess_started_at,
      preprocess_ended_at, started_at, ended_at, postprocess_started_at, postprocess_ended_at,
      cancelled_at, price_version, cps, held, total_cost, outcome, pexit, debug_output, debug_error,
      outputs, receipt)
    overriding system value
    select id, organisation_id, project_id, owner_id, token, model_id, pool, parameters,
      seed, timeout_seconds, status, epoch, seq, changed_at, queued_in, output_tokens,
      infra_attempts, queued_at, assigned_at, accepted_at, preprocess_started_at,
      preprocess_ended_at, started_at, ended_at, postprocess_started_at, postprocess_ended_at,
      cancelled_at, price_version, cps, held, total_cost, outcome, pexit, debug_output, debug_error,
      outputs, receipt
    from json_to_recordset(${JSON.stringify(lives.map(taskRow))}::text::json) as t(
      id bigint, organisation_id bigint, project_id bigint, owner_id uuid, token text,
      model_id text, pool text, parameters json, seed bigint, timeout_seconds int,
      status task_status, epoch int, seq int, changed_at timestamptz, queued_in text,
      output_tokens int, infra_attempts int, queued_at timestamptz, assigned_at timestamptz,
      accepted_at timestamptz, preprocess_started_at timestamptz, preprocess_ended_at timestamptz,
      started_at timestamptz, ended_at timestamptz, postprocess_started_at timestamptz,
      postprocess_ended_at timestamptz, cancelled_at timestamptz, price_version text, cps numeric,
      held numeric, total_cost numeric, outcome text, pexit text, debug_output text,
      debug_error text, outputs json, receipt json)`;
}

function taskRow(life: DemoLife) {
  const { task, times } = life;
  const moment = (at: bigint | undefined) => (at === undefined ? null : formatMoment(at));
  return {
    id: task.id,
    organisation_id: task.organisationId,
    project_id: task.projectId,
    owner_id: task.ownerId,
    token: life.token,
    model_id: task.model.id,
    pool: DEMO_POOL,
    parameters: task.parameters,
    seed: task.seed.toString(),
    timeout_seconds: task.timeoutSeconds,
    status: life.status,
    epoch: life.epoch,
    seq: life.events.length,
    changed_at: formatMoment(life.changedAt),
    queued_in: life.status === INITIAL_STATUS ? DEMO_POOL : null,
    output_tokens: life.outputTokens,
    infra_attempts: life.infraAttempts,
    queued_at: moment(times.queuedAt),
    assigned_at: moment(times.assignedAt),
    accepted_at: moment(times.acceptedAt),
    preprocess_started_at: moment(times.preprocessStartedAt),
    preprocess_ended_at: moment(times.preprocessEndedAt),
    started_at: moment(times.startedAt),
    ended_at: moment(times.endedAt),
    postprocess_started_at: moment(times.postprocessStartedAt),
    postprocess_ended_at: moment(times.postprocessEndedAt),
    cancelled_at: moment(times.cancelledAt),
    price_version: task.model.priceVersion,
    cps: task.model.cps,
    held: formatUsd(life.held),
    total_cost: formatUsd(life.totalCost),
    outcome: life.outcome,
    pexit: life.outcome === null ? '' : OUTCOMES[life.outcome].pexit,
    debug_output: life.outcome === 'succeeded' ? life.output : '',
    debug_error: life.error,
    outputs: life.outputs,
    receipt: life.receipt,
  };
}

async function insertEvents(tx: Transaction, lives: readonly DemoLife[]): Promise<void> {
  const rows = lives.flatMap((life) =>
    life.events.map(({ taskId, seq, epoch, type, payload, at }) => ({
      task_id: taskId,
      seq,
      epoch,
      type,
      payload,
      at: formatMoment(at),
    })),
  );
  await tx`
    insert into task_events (task_id, seq, epoch, type, payload, at)
    select task_id, seq, epoch, type, payload, at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as e(
      task_id bigint, seq int, epoch int, type text, payload json, at timestamptz)`;
}

/** In the order of their moments, as a journal is. */
async function insertTransfers(tx: Transaction, lives: readonly DemoLife[]): Promise<void> {
  const rows = lives
    .flatMap((life) => life.moved)
    .toSorted((a, b) => Number(a.at - b.at))
    .flatMap(({ movement, at }) =>
      movement.transfers.map((transfer) => ({
        key: transfer.businessKey,
        organisation_id: transfer.organisationId,
        task_id: transfer.taskId,
        debit: transfer.debit,
        credit: transfer.credit,
        amount: formatUsd(transfer.amount),
        at: formatMoment(at),
      })),
    );
  await tx`
    insert into transfers (business_key, organisation_id, task_id, debit, credit, amount, at)
    select key, organisation_id, task_id, debit, credit, amount, at
    from json_to_recordset(${JSON.stringify(rows)}::text::json) as t(
      key text, organisation_id bigint, task_id bigint, debit text, credit text, amount numeric,
      at timestamptz)`;
}

async function changeAccounts(tx: Transaction, lives: readonly DemoLife[]): Promise<void> {
  const rows = lives
    .flatMap((life) => life.moved)
    .map(({ movement: { change } }) => ({
      organisation_id: change.organisationId,
      balance: formatUsd(change.balance),
      held: formatUsd(change.held),
      active_tasks: change.activeTasks,
    }));
  await tx`
    update accounts a set balance = a.balance + c.balance, held = a.held + c.held,
      active_tasks = a.active_tasks + c.active_tasks
    from (
      select organisation_id, sum(balance) as balance, sum(held) as held,
        sum(active_tasks)::int as active_tasks
      from json_to_recordset(${JSON.stringify(rows)}::text::json) as r(
        organisation_id bigint, balance numeric, held numeric, active_tasks int)
      group by organisation_id
    ) c
    where a.organisation_id = c.organisation_id`;
}
