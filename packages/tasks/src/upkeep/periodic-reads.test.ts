/** What brokers do again and again must cost the same however many tasks there ever were. */
import { connectDb, type Db } from '@runfleet/db';
import { expect } from 'vitest';

import { openRunReader } from '../carry-task.ts';
import { openPoolReads } from '../fleet/pool-reads.ts';
import { foldEndedTasks } from '../read/model-statistics.ts';
import { readFleet } from '../read/read-fleet.ts';
import { readPace } from '../read/read-pace.ts';
import { readTask } from '../read/read-task.ts';
import { openTaskStore } from '../store/task-store.ts';
import {
  aTask,
  aWorker,
  createTenant,
  phi,
  type Tenant,
  testWithTasks as test,
} from '../testing.ts';
import { repair, REPAIRS } from './reconcile.ts';
import { repairAccounts } from './repair-accounts.ts';
import { analyzeGrownTables, purgeGoneWorkers, purgeIdempotencyKeys } from './upkeep.ts';

const { pool } = phi();
const ENDED = 40_000;
const LIVE = 8_000;
const H100 = ['gpu=H100'];
/** Postgres makes a plan for any parameters after five for particular ones. */
const TIMES = 7;

test('commits, the periodic work of brokers and the fleet’s page read none of the tasks that have ended', async ({
  databaseUrl,
  db: _migrated,
}) => {
  // One connection, which tells its own statistics at once.
  await using db = connectDb(databaseUrl, { connections: 1 });
  await using store = openTaskStore({ db, queue: null, announce: () => {} });
  const { workerId } = await aWorker(store, LIVE);
  const tenant = await createTenant(db);
  await fill(db, tenant, workerId);
  await db.sql`analyze`;
  await foldEndedTasks({ db });
  const reads = openPoolReads({ db });
  const lane = { pool, afterId: '0', limit: 5_000 };
  const work: Record<string, () => Promise<unknown>> = {
    ...Object.fromEntries(REPAIRS.map((name) => [name, () => repair({ store }, name)])),
    accounts: () => repairAccounts({ db }),
    'gone workers': () => purgeGoneWorkers({ db }),
    'idempotency keys': () => purgeIdempotencyKeys({ db }),
    statistics: () => analyzeGrownTables({ db }),
    'model statistics': () => foldEndedTasks({ db }),
    'bound, of the plain lane': () => reads.listBoundTasks({ ...lane, requires: [] }),
    'bound, of another lane': () => reads.listBoundTasks({ ...lane, requires: H100 }),
    'queued, of the plain lane': () => reads.listQueuedTasks({ ...lane, requires: [] }),
    'queued, of another lane': () => reads.listQueuedTasks({ ...lane, requires: H100 }),
    'queued, of no lane that there is': () => reads.listQueuedTasks({ ...lane, requires: ['a=b'] }),
    'queued, of all lanes': () => reads.listQueuedTasks({ ...lane, minAgeMs: 2_000 }),
    'queued, the last ones': () => reads.listQueuedTasks({ ...lane, afterId: `${ENDED + LIVE}` }),
    lanes: () => reads.listLanes({ pool, limit: 256 }),
    unbound: () => reads.listUnbound(['1', '2', '3']),
    workers: () => reads.listWorkers({ pool, labels: [], isFree: true, limit: 1_000 }),
    'next free': () => reads.readNextFree([workerId]),
    'the pace of a pool': () => readPace({ db }, pool),
    'the fleet': () => readFleet({ db }),
    preferences: () => reads.readPreferences(['1', '2', '3']),
    'a commit': () =>
      store.commit({
        taskId: `${ENDED + LIVE}`,
        workerId,
        readsWorkers: true,
        decide: ({ outputTokens }) => [{ do: 'count-output', tokens: outputTokens + 1 }],
      }),
    'a Run': () => store.create(aTask(tenant)),
    'a task for its reader': () =>
      readTask({ db }, { ...tenant, reference: { token: `token-${ENDED}` } }),
    'tasks to run': () => openRunReader({ db })(`${ENDED + 1}`),
    'bound, of a worker': () => store.listWorkerTasks({ id: workerId, generation: 1 }),
  };
  const most: Record<string, number> = {};
  for (const [name, run] of Object.entries(work)) {
    for (let time = 0; time < TIMES; time++) {
      const before = await rowsRead(db);
      await run();
      most[name] = Math.max(most[name] ?? 0, (await rowsRead(db)) - before);
    }
  }
  const wasteful = Object.entries(most).filter(([, rows]) => rows > 2 * LIVE);
  expect(wasteful).toEqual([]);
});

/** Tasks that have ended, then as many that wait and that run, and keys of today. */
async function fill(db: Db, tenant: Tenant, workerId: string): Promise<void> {
  const { organisationId, projectId, ownerId } = tenant;
  await db.sql`
    insert into tasks (organisation_id, project_id, owner_id, token, model_id, pool, parameters, seed,
      timeout_seconds, status, epoch, seq, changed_at, queued_at, price_version, cps, held, requires,
      outcome, postprocess_ended_at, queued_in, start_by, worker_id, worker_generation,
      assigned_pulse, accepted_at)
    select ${organisationId}, ${projectId}, ${ownerId}, 'token-' || n, '598', ${pool}, '{}', 1, 300,
      case when not is_live then 'task_postprocess_end' when n % 2 = 0 then 'task_queue'
        else 'task_start' end::task_status,
      1, 9, now() - interval '1 hour', now() - interval '1 hour', '', 0, 0,
      case when n % 4 = 0 then array['gpu=H100'] else '{}' end,
      case when not is_live then 'succeeded' end,
      case when not is_live then now() - interval '1 hour' end,
      case when is_live and n % 2 = 0 then ${pool} end,
      case when n % 3 = 0 then now() + interval '1 hour' end,
      case when is_live and n % 2 = 1 then ${workerId}::uuid end,
      case when is_live and n % 2 = 1 then 1 end, case when is_live and n % 2 = 1 then 0 end, now()
    from (
      select n, n > ${ENDED} as is_live from generate_series(1, ${ENDED + LIVE}) n
    ) numbered`;
  await db.sql`
    update accounts set active_tasks = ${LIVE} where organisation_id = ${organisationId}`;
  await db.sql`update workers set used = ${LIVE / 2} where id = ${workerId}`;
  await db.sql`
    insert into transfers (business_key, organisation_id, debit, credit, amount)
    select 'row:' || n, 0, 'a', 'b', 1 from generate_series(1, ${ENDED}) n`;
  await db.sql`
    insert into idempotency_keys (project_id, key, request_hash, task_id, created_at)
    select ${projectId}, 'key-' || n, '', n, now() - n * interval '1 second'
    from generate_series(1, ${ENDED}) n`;
}

/** Rows that statements have looked at so far in the tables that grow, by a scan or by an index. */
async function rowsRead(db: Db): Promise<number> {
  await db.sql`select pg_stat_force_next_flush()`;
  await db.sql`select pg_stat_clear_snapshot()`;
  const [row] = await db.sql<{ count: string }[]>`
    select sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) as count from pg_stat_user_tables
    where relname in ('tasks', 'transfers', 'idempotency_keys')`;
  return Number(row?.count);
}
