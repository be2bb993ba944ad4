import { Batcher, type Db } from '@runfleet/db';
import type { Logger } from '@runfleet/service';

import { type LogPage, readPages } from './read-events.ts';

/**
 * A caller that waits: `isDone` once it no longer wants the answer, `wake` while its pause can be
 * cut short.
 */
export type Waiter = { isDone(): boolean; wake: (() => void) | null };

const PAGE_EVENTS_MAX = 256;
const TASKS_PER_QUERY_MAX = 64;
const QUERIES_IN_FLIGHT_MAX = 2;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;

/**
 * Reads the logs of many tasks with few statements. The bound on queries in flight also bounds what
 * a storm of reconnecting clients costs.
 */
export class LogReader {
  readonly #db: Pick<Db, 'sql'>;
  readonly #logger: Logger | undefined;
  readonly #pages: Batcher<{ taskId: string; afterSeq: number }, LogPage | null>;
  #isPostgresUnavailable = false;

  constructor(db: Pick<Db, 'sql'>, logger: Logger | undefined) {
    this.#db = db;
    this.#logger = logger;
    this.#pages = new Batcher(
      async (wanted) => {
        const pages = await readPages({ db }, wanted, PAGE_EVENTS_MAX);
        this.#isPostgresUnavailable = false;
        return pages;
      },
      { itemsMax: TASKS_PER_QUERY_MAX, batchesInFlightMax: QUERIES_IN_FLIGHT_MAX },
    );
  }

  /**
   * The next page of a task's log; null where there is no such task. Retries while Postgres is
   * away, and rejects only once the waiter is done.
   */
  async read(taskId: string, afterSeq: number, waiter: Waiter): Promise<LogPage | null> {
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)) {
      try {
        return await this.#pages.add({ taskId, afterSeq });
      } catch (err) {
        if (waiter.isDone()) throw err;
        this.#logUnavailable(err);
        await pause(retryMs * (0.5 + Math.random() / 2), waiter);
        if (waiter.isDone()) throw err;
      }
    }
  }

  /** The last seq of each of these tasks; null while Postgres is unavailable. */
  async readHeads(taskIds: readonly string[]): Promise<Map<string, number> | null> {
    try {
      const rows = await this.#db.sql<{ id: string; seq: number }[]>`
        select id, seq from tasks where id = any(${taskIds}::bigint[])`;
      this.#isPostgresUnavailable = false;
      return new Map(rows.map(({ id, seq }) => [id, seq]));
    } catch (err) {
      this.#logUnavailable(err);
      return null;
    }
  }

  #logUnavailable(err: unknown): void {
    if (!this.#isPostgresUnavailable)
      this.#logger?.warn({ err }, 'cannot read task events; retrying');
    this.#isPostgresUnavailable = true;
  }
}

function pause(ms: number, waiter: Waiter): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      waiter.wake = null;
      resolve();
    };
    const timer = setTimeout(wake, ms);
    // Must not keep a process alive that has closed everything else.
    timer.unref();
    waiter.wake = wake;
  });
}
