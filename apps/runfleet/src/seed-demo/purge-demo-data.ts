import type { Db } from '@runfleet/db';
import { recountModelStatistics } from '@runfleet/tasks';

import { withinTransaction } from '../within-transaction.ts';
import { DEMO_POOL, EMAIL_SUFFIX, findDemoOrganisations } from './demo-marks.ts';

/** Removes the demo organisations with all their data, and nothing else. Returns the numbers removed. */
export async function purgeDemoData(ctx: { db: Db }): Promise<{
  organisations: number;
  tasks: number;
}> {
  return withinTransaction(ctx.db, async (db) => {
    const { sql } = db;
    const ids = await findDemoOrganisations({ db });
    // A new task locks the account, so none is added during the purge.
    await sql`
      select 1 from accounts where organisation_id = any(${ids}::bigint[])
      order by organisation_id for update`;
    await requireNoneRunning(db, ids);
    await sql`delete from files where organisation_id = any(${ids}::bigint[])`;
    await sql`
      delete from task_events
      where task_id in (select id from tasks where organisation_id = any(${ids}::bigint[]))`;
    const { count: tasks } = await sql`
      delete from tasks where organisation_id = any(${ids}::bigint[])`;
    await recountModelStatistics(sql);
    await sql`delete from transfers where organisation_id = any(${ids}::bigint[])`;
    await sql`delete from accounts where organisation_id = any(${ids}::bigint[])`;
    const owners = await sql<{ id: string }[]>`
      select u.id from users u join memberships m on m.user_id = u.id
      where m.organisation_id = any(${ids}::bigint[]) and u.email like ${`%${EMAIL_SUFFIX}`}`;
    await sql`delete from projects where organisation_id = any(${ids}::bigint[])`;
    await sql`delete from memberships where organisation_id = any(${ids}::bigint[])`;
    await sql`delete from users where id = any(${owners.map(({ id }) => id)}::uuid[])`;
    await sql`delete from organisations where id = any(${ids}::bigint[])`;
    await sql`delete from workers where ${DEMO_POOL} = any(pools)`;
    return { organisations: ids.length, tasks };
  });
}

/** Throws if a worker may be running a task: a user who signs in as a demo owner can create real ones. */
async function requireNoneRunning(db: Db, organisationIds: readonly string[]): Promise<void> {
  const [running] = await db.sql<{ id: string }[]>`
    select id from tasks
    where organisation_id = any(${organisationIds}::bigint[])
      and (worker_id is not null or queued_in <> ${DEMO_POOL})
    limit 1`;
  if (running) {
    throw new Error(
      `Task ${running.id} of a demo organisation has not ended. Kill it or wait for it, then purge again.`,
    );
  }
}
