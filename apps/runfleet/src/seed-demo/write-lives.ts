/** Statements that store lives, a few for all of them. */
import { formatMoment, type Transaction } from '@runfleet/db';
import { formatUsd } from '@runfleet/protocol';
import { importTasks } from '@runfleet/tasks';

import type { DemoLife } from './demo-life.ts';

export async function writeLives(tx: Transaction, lives: readonly DemoLife[]): Promise<void> {
  await importTasks(tx, lives);
  await insertTransfers(tx, lives);
  await changeAccounts(tx, lives);
}

/** In order of time. */
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
