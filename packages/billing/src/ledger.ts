/**
 * The ledger: immutable double-entry transfers, and per organisation one account row that must
 * equal their sum. A task's money moves twice: `hold` when it is accepted, and `settle` plus
 * `release` when it ends, in the very commit that ends it.
 */
import type { Db, Statement, Transaction } from '@runfleet/db';
import { formatUsd, parseUsd, type Pico } from '@runfleet/protocol';

import type { Account } from './admission.ts';
import { changeCounts } from './limit-statements.ts';
import type { CountChange } from './limits.ts';

type Transfer = {
  businessKey: string;
  organisationId: string;
  taskId: string | null;
  debit: string;
  credit: string;
  amount: Pico;
};

/** What a commit changes in one account row. */
type AccountChange = {
  organisationId: string;
  balance: Pico;
  held: Pico;
  activeTasks: number;
};

export type Movement = { transfers: Transfer[]; change: AccountChange; counts: CountChange[] };

/** A task, and the counts of the limits that apply to it. */
type CountedTask = { id: string; organisationId: string; countedIn: readonly string[] };

const customer = (organisationId: string) => `customer:${organisationId}`;
const held = (organisationId: string) => `held:${organisationId}`;
const REVENUE = 'revenue';
const DEPOSITS = 'deposits';

/** Takes what a task may cost out of reach. */
export function holdFor(task: CountedTask, amount: Pico): Movement {
  const { organisationId } = task;
  return {
    transfers: nonZero([
      transfer(task, 'hold', customer(organisationId), held(organisationId), amount),
    ]),
    change: { organisationId, balance: 0n, held: amount, activeTasks: 1 },
    counts: countsOf(task, { settled: 0n, held: amount, active: 1 }),
  };
}

/** Charges `cost` of what was held and returns the rest. */
export function settle(task: CountedTask & { held: Pico }, cost: Pico): Movement {
  const { organisationId } = task;
  return {
    transfers: nonZero([
      transfer(task, 'settle', held(organisationId), REVENUE, cost),
      transfer(task, 'release', held(organisationId), customer(organisationId), task.held - cost),
    ]),
    change: { organisationId, balance: -cost, held: -task.held, activeTasks: -1 },
    counts: countsOf(task, { settled: cost, held: -task.held, active: -1 }),
  };
}

/** Returns what is still held for a task that has ended, which no commit of ours leaves behind. */
export function releaseOrphan(task: CountedTask, amount: Pico): Movement {
  const { organisationId } = task;
  return {
    transfers: [transfer(task, 'orphan', held(organisationId), customer(organisationId), amount)],
    change: { organisationId, balance: 0n, held: -amount, activeTasks: 0 },
    counts: countsOf(task, { settled: 0n, held: -amount, active: -1 }),
  };
}

/** What an organisation's transfers add up to: the truth that its account row repeats. */
export async function sumTransfers(
  tx: Transaction,
  organisationId: string,
): Promise<{ balance: Pico; held: Pico }> {
  const [row] = await tx<{ available: string; held: string }[]>`
    select
      coalesce(sum(amount) filter (where credit = ${customer(organisationId)}), 0)
        - coalesce(sum(amount) filter (where debit = ${customer(organisationId)}), 0) as available,
      coalesce(sum(amount) filter (where credit = ${held(organisationId)}), 0)
        - coalesce(sum(amount) filter (where debit = ${held(organisationId)}), 0) as held
    from transfers where organisation_id = ${organisationId}`;
  const [available, inHold] = [parseUsd(row?.available ?? '0'), parseUsd(row?.held ?? '0')];
  return { balance: available + inHold, held: inHold };
}

/** The sum of all differences between account rows and their transfers: 0, or a fault. Reads every transfer. */
export async function readLedgerDrift(ctx: { db: Db }): Promise<Pico> {
  const [row] = await ctx.db.sql<{ drift: string }[]>`
    with sides as (
      select organisation_id, credit as account, amount from transfers
      union all
      select organisation_id, debit, -amount from transfers
    ), ledger as (
      select organisation_id,
        coalesce(sum(amount) filter (where account like 'customer:%'), 0) as available,
        coalesce(sum(amount) filter (where account like 'held:%'), 0) as held
      from sides group by organisation_id
    )
    select coalesce(sum(abs(a.balance - a.held - coalesce(l.available, 0))
      + abs(a.held - coalesce(l.held, 0))), 0)::numeric(24, 12) as drift
    from accounts a full join ledger l using (organisation_id)`;
  return parseUsd(row?.drift ?? '0');
}

/** The statements that store movements, for a transaction that already holds whatever else it locks. */
export function writeMovements(tx: Transaction, movements: readonly Movement[]): Statement[] {
  if (movements.length === 0) return [];
  const transfers = movements.flatMap((movement) => movement.transfers);
  return [
    ...(transfers.length > 0 ? [insertTransfers(tx, transfers)] : []),
    changeAccounts(tx, sumByAccount(movements)),
    // After the accounts, whose locks keep their counts from other commits.
    ...changeCounts(tx, sumByCount(movements)),
  ];
}

function countsOf({ countedIn }: CountedTask, change: Omit<CountChange, 'name'>): CountChange[] {
  return countedIn.map((name) => ({ name, ...change }));
}

export function sumByCount(movements: readonly Movement[]): CountChange[] {
  const sums = new Map<string, CountChange>();
  for (const change of movements.flatMap(({ counts }) => counts)) {
    const sum = sums.get(change.name);
    if (!sum) sums.set(change.name, { ...change });
    else {
      sum.settled += change.settled;
      sum.held += change.held;
      sum.active += change.active;
    }
  }
  return [...sums.values()];
}

function sumByAccount(movements: readonly Movement[]): AccountChange[] {
  const sums = new Map<string, AccountChange>();
  for (const { change } of movements) {
    const sum = sums.get(change.organisationId);
    if (!sum) sums.set(change.organisationId, { ...change });
    else {
      sum.balance += change.balance;
      sum.held += change.held;
      sum.activeTasks += change.activeTasks;
    }
  }
  return [...sums.values()];
}

function insertTransfers(tx: Transaction, transfers: readonly Transfer[]): Statement {
  return tx`
    insert into transfers (business_key, organisation_id, task_id, debit, credit, amount)
    select key, organisation_id, task_id, debit, credit, amount
    from json_to_recordset(${JSON.stringify(transfers.map(transferRow))}::text::json)
      as t(key text, organisation_id bigint, task_id bigint, debit text, credit text, amount numeric)`;
}

/** The rows are locked in one order, so that two commits never wait for each other in a ring. */
function changeAccounts(tx: Transaction, changes: readonly AccountChange[]): Statement {
  return tx`
    with change as (
      select * from json_to_recordset(${JSON.stringify(changes.map(changeRow))}::text::json)
        as c(organisation_id bigint, balance numeric, held numeric, active_tasks int)
    ), locked as (
      select organisation_id from accounts
      where organisation_id in (select organisation_id from change)
      order by organisation_id for update
    )
    update accounts a set
      balance = a.balance + c.balance,
      held = a.held + c.held,
      active_tasks = a.active_tasks + c.active_tasks
    from change c join locked l using (organisation_id)
    where a.organisation_id = c.organisation_id`;
}

/** Credits an organisation. A second deposit of the same `businessKey` changes nothing. */
export async function deposit(
  ctx: { db: Db },
  input: { organisationId: string; amount: Pico; businessKey: string },
): Promise<void> {
  const { organisationId, amount, businessKey } = input;
  await ctx.db.sql.begin(async (tx) => {
    const written = await tx`
      insert into transfers (business_key, organisation_id, debit, credit, amount)
      values (${businessKey}, ${organisationId}, ${DEPOSITS}, ${customer(organisationId)}, ${formatUsd(amount)})
      on conflict (business_key) do nothing returning id`;
    if (written.length === 0) return;
    await tx`
      insert into accounts (organisation_id, balance) values (${organisationId}, ${formatUsd(amount)})
      on conflict (organisation_id) do update set balance = accounts.balance + excluded.balance`;
  });
}

/** An organisation's money as admission would see it now; zeros where it never had any. */
export async function readAccount(ctx: { db: Db }, organisationId: string): Promise<Account> {
  const [row] = await ctx.db.sql<{ balance: string; held: string; active_tasks: number }[]>`
    select balance, held, active_tasks from accounts where organisation_id = ${organisationId}`;
  return row ? toAccount(row) : { balance: 0n, held: 0n, activeTasks: 0 };
}

/** Locks accounts, for a commit that decides by them. Organisations that never had money are missing. */
export async function lockAccounts(
  tx: Transaction,
  organisationIds: readonly string[],
): Promise<Map<string, Account>> {
  const rows = await tx<
    { organisation_id: string; balance: string; held: string; active_tasks: number }[]
  >`
    select organisation_id, balance, held, active_tasks from accounts
    where organisation_id = any(${organisationIds}::bigint[])
    order by organisation_id for update`;
  return new Map(rows.map((row) => [row.organisation_id, toAccount(row)]));
}

/** Keeps Runs of an organisation from being created until the end of the transaction. */
export function lockAccount(tx: Transaction, organisationId: string): Statement {
  return tx`select from accounts where organisation_id = ${organisationId} for update`;
}

function toAccount(row: { balance: string; held: string; active_tasks: number }): Account {
  return {
    balance: parseUsd(row.balance),
    held: parseUsd(row.held),
    activeTasks: row.active_tasks,
  };
}

function transfer(
  task: { id: string; organisationId: string },
  kind: 'hold' | 'settle' | 'release' | 'orphan',
  debit: string,
  credit: string,
  amount: Pico,
): Transfer {
  return {
    businessKey: `task:${task.id}:${kind}`,
    organisationId: task.organisationId,
    taskId: task.id,
    debit,
    credit,
    amount,
  };
}

function nonZero(transfers: Transfer[]): Transfer[] {
  return transfers.filter((entry) => entry.amount !== 0n);
}

function transferRow(entry: Transfer) {
  return {
    key: entry.businessKey,
    organisation_id: entry.organisationId,
    task_id: entry.taskId,
    debit: entry.debit,
    credit: entry.credit,
    amount: formatUsd(entry.amount),
  };
}

function changeRow(change: AccountChange) {
  return {
    organisation_id: change.organisationId,
    balance: formatUsd(change.balance),
    held: formatUsd(change.held),
    active_tasks: change.activeTasks,
  };
}
