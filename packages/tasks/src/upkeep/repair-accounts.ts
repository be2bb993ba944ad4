import {
  lockAccounts,
  type Movement,
  releaseOrphan,
  sumTransfers,
  writeMovements,
} from '@runfleet/billing';
/**
 * Account rows against what they are a copy of: the ledger's sums and the tasks that have not ended.
 * They move in the same commits, so there is nothing to repair unless a write bypassed the verbs.
 */
import { type Db, transact, type Transaction } from '@runfleet/db';
import { parseUsd, type Pico } from '@runfleet/protocol';

const REPAIR_MAX = 100;

/** Repairs accounts that differ from their tasks or transfers. Answers how many did. */
export async function repairAccounts(ctx: { db: Db }): Promise<number> {
  const suspects = await ctx.db.sql<{ id: string }[]>`
    select a.organisation_id as id
    from accounts a left join (
      select organisation_id, count(*) as count, sum(held) as held from tasks
      where queued_in is not null or worker_id is not null group by organisation_id
    ) active using (organisation_id)
    where a.active_tasks <> coalesce(active.count, 0) or a.held <> coalesce(active.held, 0)
    limit ${REPAIR_MAX}`;
  let repaired = 0;
  for (const { id } of suspects) if (await repairAccount(ctx, id)) repaired += 1;
  return repaired;
}

/** Everything is read after the account's lock, without which no commit moves its money. */
function repairAccount(ctx: { db: Db }, organisationId: string): Promise<boolean> {
  return transact(
    ctx.db.sql,
    (tx) =>
      Promise.all([
        lockAccounts(tx, [organisationId]),
        sumTransfers(tx, organisationId),
        countActive(tx, organisationId),
        listOrphans(tx, organisationId),
      ]),
    ([accounts, ledger, activeTasks, orphans]) => {
      const account = accounts.get(organisationId);
      if (!account) return { result: false, write: () => [] };
      const releases = orphans.map(({ id, countedIn, open }) =>
        releaseOrphan({ id, organisationId, countedIn }, open),
      );
      const drift: Movement = {
        transfers: [],
        counts: [],
        change: {
          organisationId,
          balance: ledger.balance - account.balance,
          held: ledger.held - account.held,
          activeTasks: activeTasks - account.activeTasks,
        },
      };
      const { balance, held } = drift.change;
      const isRight = balance === 0n && held === 0n && drift.change.activeTasks === 0;
      const movements = isRight ? releases : [...releases, drift];
      return { result: movements.length > 0, write: (tx) => writeMovements(tx, movements) };
    },
  );
}

async function countActive(tx: Transaction, organisationId: string): Promise<number> {
  const [row] = await tx<{ count: string }[]>`
    select count(*) as count from tasks
    where organisation_id = ${organisationId} and (queued_in is not null or worker_id is not null)`;
  return Number(row?.count ?? 0);
}

/** Tasks that have ended and of which something is held all the same. */
async function listOrphans(
  tx: Transaction,
  organisationId: string,
): Promise<{ id: string; countedIn: string[]; open: Pico }[]> {
  const rows = await tx<{ id: string; countedIn: string[]; open: string }[]>`
    select s.task_id as id, t.counted_in as "countedIn", sum(s.amount) as open
    from (
      select task_id, amount from transfers
      where organisation_id = ${organisationId} and credit like 'held:%'
      union all
      select task_id, -amount from transfers
      where organisation_id = ${organisationId} and debit like 'held:%'
    ) s join tasks t on t.id = s.task_id
    where t.queued_in is null and t.worker_id is null
    group by s.task_id, t.counted_in having sum(s.amount) > 0`;
  return rows.map(({ id, countedIn, open }) => ({ id, countedIn, open: parseUsd(open) }));
}
