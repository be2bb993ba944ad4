import type { Db } from '@runfleet/db';
import { parseUsd } from '@runfleet/protocol';
import { openPoolReads, openTaskStore } from '@runfleet/tasks';

import { byKey, byName } from './memory-subject.ts';
import { type Kept, readUnderLocks, type Subject, recordingQueue } from './subject.ts';

/** The store on a Postgres of its own, on a clock that the test sets. */
export function postgresSubject(db: Db, clock: () => bigint): Subject {
  const { sql } = db;
  const sent: unknown[] = [];
  const store = openTaskStore({ db, clock, queue: recordingQueue(sent), announce: () => {} });
  return {
    store,
    reads: openPoolReads({ db }),
    sent,
    async setPulse(n) {
      await sql`update pulse set n = ${n}`;
    },
    async readAll(ids) {
      const results = await sql<{ id: string }[]>`
        select id, debug_output as "debugOutput", debug_error as "debugError", outputs, receipt
        from tasks order by id`;
      const events = await sql<Kept['events']>`
        select task_id as "taskId", seq, epoch, type, payload, at
        from task_events order by task_id, seq`;
      const accounts = await sql<{ id: string; balance: string; held: string; active: number }[]>`
        select organisation_id as id, balance, held, active_tasks as active
        from accounts order by organisation_id`;
      const counts = await sql<
        (Omit<Kept['limitCounts'][number], 'settled' | 'held'> & {
          settled: string;
          held: string;
        })[]
      >`
        select name, limit_id as "limitId", subject, starts_at as "startsAt", ends_at as "endsAt",
          settled, held, active
        from limit_counts`;
      const transfers = await sql<{ businessKey: string; amount: string }[]>`
        select business_key as "businessKey", organisation_id as "organisationId",
          task_id as "taskId", debit, credit, amount
        from transfers where task_id is not null`;
      const keys = await sql<Kept['keys']>`
        select project_id || ':' || key as name, task_id as id from idempotency_keys`;
      const taskIds = results.map(({ id }) => id);
      return {
        ...(await readUnderLocks(store, { ...ids, taskIds })),
        results: [...results],
        events: [...events],
        accounts: accounts.map(({ id, balance, held, active }) => ({
          id,
          balance: parseUsd(balance),
          held: parseUsd(held),
          activeTasks: active,
        })),
        limitCounts: counts
          .map((count) => ({
            ...count,
            settled: parseUsd(count.settled),
            held: parseUsd(count.held),
          }))
          .toSorted(byName),
        transfers: transfers
          .map((transfer) => ({ ...transfer, amount: parseUsd(transfer.amount) }))
          .toSorted(byKey),
        keys: [...keys].toSorted((one, other) => (one.name < other.name ? -1 : 1)),
      };
    },
  };
}
