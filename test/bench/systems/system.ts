import postgres from 'postgres';

import type { Target } from '../load/run-client.ts';
import type { Servers } from './servers.ts';
import type { SystemProcess } from './system-process.ts';

export const TENANTS = 8;
/** Tasks that a worker runs at once in every system. */
export const WORKER_SLOTS = 64;

export type SystemName = 'runfleet' | 'n1' | 'n1-batched' | 'n2';

/** A system under test. Only one runs at a time. */
export type System = {
  readonly name: SystemName;
  readonly label: string;
  /** Starts the api alone on a new copy of the database: Runs are accepted and stay queued. */
  start(): Promise<RunningSystem>;
};

export type RunningSystem = AsyncDisposable & {
  readonly target: Target;
  readonly processes: readonly SystemProcess[];
  /**
   * Starts the processes that run tasks. Tasks accepted so far become history: they are ended, no longer
   * counted, and analyzed, so that the database is not an unrealistically empty one.
   */
  startFleet(): Promise<void>;
  readonly tasks: TaskCounts;
};

/** Task counts in Postgres, on which all rates are based. */
export type TaskCounts = {
  /** The database's clock, as ISO 8601. */
  now(): Promise<string>;
  count(): Promise<{ accepted: number; finished: number }>;
  /** Tasks that succeeded between two times of the database's clock. */
  finishedBetween(from: string, to: string): Promise<number>;
  /** Writing transactions so far. */
  transactions(): Promise<number>;
  /** Times from accept to `task_start` in ms; empty if the system does not store them. */
  startDelaysMs(since: string): Promise<number[]>;
};

export type TaskColumns = {
  /** Columns with the times of accept, start (null if not stored) and finish. */
  accepted: string;
  started: string | null;
  finished: string;
  /** A condition that is true for successful tasks. */
  succeeded: string;
  /** The status that marks a task as history. */
  history: string;
};

/** Opens a separate connection to a system's `tasks` table. */
export function openTaskCounts(
  servers: Servers,
  database: string,
  columns: TaskColumns,
): TaskCounts & { sql: postgres.Sql; makeHistory(): Promise<void> } {
  const sql = postgres(servers.databaseUrl(database), { max: 1, onnotice: () => {} });
  const { accepted, started, finished, succeeded, history } = columns;
  return {
    sql,
    async makeHistory() {
      await sql.unsafe(`update tasks set status = '${history}'`);
      await sql`vacuum analyze`;
    },
    async now() {
      const [row] = await sql<{ now: string }[]>`
        select to_json(clock_timestamp()) #>> '{}' as now`;
      return row?.now ?? '';
    },
    async count() {
      const [row] = await sql.unsafe<{ accepted: number; finished: number }[]>(
        `select count(*)::int as accepted,
           (count(*) filter (where ${finished} is not null and ${succeeded}))::int as finished
         from tasks where status <> '${history}'`,
      );
      return row ?? { accepted: 0, finished: 0 };
    },
    async finishedBetween(from, to) {
      const [row] = await sql.unsafe<{ count: number }[]>(
        `select count(*)::int as count from tasks
         where ${finished} >= $1 and ${finished} < $2 and ${succeeded}`,
        [from, to],
      );
      return row?.count ?? 0;
    },
    async transactions() {
      const [row] = await sql<{ count: number }[]>`
        select pg_snapshot_xmax(pg_current_snapshot())::text::float8 as count`;
      return row?.count ?? NaN;
    },
    async startDelaysMs(since) {
      if (started === null) return [];
      const rows = await sql.unsafe<{ ms: number }[]>(
        `select (extract(epoch from ${started} - ${accepted}) * 1000)::float8 as ms from tasks
         where ${accepted} >= $1 and ${started} is not null`,
        [since],
      );
      return rows.map(({ ms }) => ms);
    },
  };
}
