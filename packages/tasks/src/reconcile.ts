/**
 * What a broker repairs. Each reconciler is idempotent: it lists what looks wrong, and repairs by
 * the ordinary verbs, which check again. Returns how many it repaired.
 */
import type { Db } from '@runfleet/db';
import type { QueuedTask, TaskQueue } from '@runfleet/queue';

import type { Claim } from './carry-task.ts';
import { expireTask, requeueTask, returnTask } from './requeue-task.ts';
import type { TaskStore } from './task-store.ts';

type Ctx = { db: Db; store: TaskStore; queue: TaskQueue };

/** A worker that does not confirm a ticket for so many pulses loses it. */
const ACCEPT_PULSES = 5;
/** A worker that does not renew for so many pulses is lost. */
export const LEASE_PULSES = 15;
/** A run may take this long past its timeout to report before it is ended for it. */
const REPORT_GRACE_SECONDS = 30;
const REPAIR_MAX = 500;

/** Ticks the pulse, at most once a second however many brokers call. */
export async function tickPulse(ctx: { db: Db }): Promise<void> {
  await ctx.db.sql`
    update pulse set n = n + 1, at = clock_timestamp()
    where at <= clock_timestamp() - interval '950 milliseconds'`;
}

/** Declares workers lost whose lease ran out, and requeues what they carried. */
export async function reapLostWorkers(ctx: Ctx): Promise<number> {
  await ctx.db.sql`
    update workers w set state = 'lost' from pulse p
    where w.state in ('ready', 'draining') and p.n - w.renewed_pulse > ${LEASE_PULSES}`;
  const orphans = await ctx.db.sql<(Claim & { host: string })[]>`
    select t.id as "taskId", t.epoch, w.host
    from tasks t join workers w on w.id = t.worker_id
    where w.state in ('lost', 'stopped') or w.generation <> t.worker_generation
    limit ${REPAIR_MAX}`;
  return repair(orphans, (orphan) => requeueTask(ctx, orphan, `worker lost (${orphan.host})`));
}

/** Takes back tickets that no worker confirmed in time. */
export async function returnUnacceptedTasks(ctx: Ctx): Promise<number> {
  const late = await ctx.db.sql<Claim[]>`
    select t.id as "taskId", t.epoch from tasks t, pulse p
    where t.worker_id is not null and t.status = 'task_assign'
      and p.n - t.assigned_pulse > ${ACCEPT_PULSES}
    limit ${REPAIR_MAX}`;
  return repair(late, (claim) => returnTask(ctx, claim, 'not accepted in time'));
}

/** Ends runs that are past their timeout and of which nobody reports. */
export async function expireOverdueTasks(ctx: Ctx): Promise<number> {
  const overdue = await ctx.db.sql<Claim[]>`
    select id as "taskId", epoch from tasks
    where worker_id is not null and accepted_at is not null
      and accepted_at + make_interval(secs => timeout_seconds + ${REPORT_GRACE_SECONDS})
        < clock_timestamp()
    limit ${REPAIR_MAX}`;
  return repair(overdue, (claim) => expireTask(ctx, claim, 'The run did not end by its timeout.'));
}

/** Corrects workers' slot counts that differ from the tasks bound to them. */
export async function correctSlotCounts(ctx: { db: Db }): Promise<number> {
  const corrected = await ctx.db.sql`
    with suspects as (
      select w.id from workers w
      where w.state in ('ready', 'draining')
        and w.used <> (select count(*) from tasks t
          where t.worker_id = w.id and t.worker_generation = w.generation)
      order by w.id for update
    )
    update workers w set used = (select count(*) from tasks t
      where t.worker_id = w.id and t.worker_generation = w.generation)
    from suspects s where s.id = w.id
      and w.used <> (select count(*) from tasks t
        where t.worker_id = w.id and t.worker_generation = w.generation)`;
  return corrected.count;
}

/** A page of a pool's queued tasks in queue order, after a task id: what the queue's index is rebuilt from. */
export async function listQueuedTasks(
  ctx: { db: Db },
  input: { pool: string; afterId: string; limit: number; minAgeMs?: number },
): Promise<QueuedTask[]> {
  return ctx.db.sql<QueuedTask[]>`
    select id as "taskId", organisation_id as "organisationId", queued_in as pool
    from tasks
    where queued_in = ${input.pool} and id > ${input.afterId}
      and changed_at <= clock_timestamp() - make_interval(secs => ${(input.minAgeMs ?? 0) / 1000})
    order by id limit ${input.limit}`;
}

const PARTITION_TASKS = 1_000_000;

/** Makes the event log's next partition once its last one is half used. Idempotent. */
export async function makeEventPartitions(ctx: { db: Db }): Promise<void> {
  const { sql } = ctx.db;
  const [last] = await sql<{ id: string }[]>`select coalesce(max(id), 0) as id from tasks`;
  const next = Math.floor(Number(last?.id ?? 0) / PARTITION_TASKS + 0.5);
  const [known] = await sql`select to_regclass(${`task_events_${next}`}) as name`;
  if (known?.['name'] !== null) return;
  await sql.unsafe(
    `create table if not exists task_events_${next} partition of task_events
      for values from (${next * PARTITION_TASKS}) to (${(next + 1) * PARTITION_TASKS})`,
  );
}

async function repair<C>(
  claims: readonly C[],
  fix: (claim: C) => Promise<boolean>,
): Promise<number> {
  const repaired = await Promise.all(claims.map(fix));
  return repaired.filter(Boolean).length;
}
