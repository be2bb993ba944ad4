import type { Db } from '@runfleet/db';
import type { Logger } from '@runfleet/service';

import { type LogPage, readPages } from './read-events.ts';

/** Somebody who waits: `isDone` once nobody wants the answer, `wake` set while it can be cut short. */
export type Waiter = { isDone(): boolean; wake: (() => void) | null };

type Request = {
  taskId: string;
  afterSeq: number;
  resolve: (page: LogPage | null) => void;
  reject: (reason: unknown) => void;
};

const PAGE_EVENTS_MAX = 256;
const TASKS_PER_QUERY_MAX = 64;
const QUERIES_IN_FLIGHT_MAX = 2;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 5_000;

/**
 * Reads the logs of many tasks with few statements: whoever asks while the allowed number of queries
 * is in flight shares the next one. That also bounds what a storm of reconnecting clients costs.
 */
export class LogReader {
  readonly #db: Pick<Db, 'sql'>;
  readonly #logger: Logger | undefined;
  #waiting: Request[] = [];
  #inFlight = 0;
  #isPostgresAway = false;

  constructor(db: Pick<Db, 'sql'>, logger: Logger | undefined) {
    this.#db = db;
    this.#logger = logger;
  }

  /**
   * The next page of a task's log; null where there is no such task. While Postgres is away it tries
   * again, and rejects only when the waiter is done.
   */
  async read(taskId: string, afterSeq: number, waiter: Waiter): Promise<LogPage | null> {
    for (let retryMs = RETRY_MS_MIN; ; retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)) {
      try {
        return await this.#ask(taskId, afterSeq);
      } catch (err) {
        if (waiter.isDone()) throw err;
        this.#sayItIsAway(err);
        await pause(retryMs * (0.5 + Math.random() / 2), waiter);
        if (waiter.isDone()) throw err;
      }
    }
  }

  /** The last seq of each of these tasks; null while Postgres is away. */
  async readHeads(taskIds: readonly string[]): Promise<Map<string, number> | null> {
    try {
      const rows = await this.#db.sql<{ id: string; seq: number }[]>`
        select id, seq from tasks where id = any(${taskIds}::bigint[])`;
      this.#isPostgresAway = false;
      return new Map(rows.map(({ id, seq }) => [id, seq]));
    } catch (err) {
      this.#sayItIsAway(err);
      return null;
    }
  }

  #ask(taskId: string, afterSeq: number): Promise<LogPage | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ taskId, afterSeq, resolve, reject });
      // Whoever asks in the same turn goes along.
      if (this.#waiting.length === 1) queueMicrotask(() => this.#query());
    });
  }

  #query(): void {
    while (this.#waiting.length > 0 && this.#inFlight < QUERIES_IN_FLIGHT_MAX) {
      void this.#send(this.#waiting.splice(0, TASKS_PER_QUERY_MAX));
    }
  }

  async #send(requests: readonly Request[]): Promise<void> {
    this.#inFlight += 1;
    try {
      const pages = await readPages({ db: this.#db }, requests, PAGE_EVENTS_MAX);
      this.#isPostgresAway = false;
      for (const [index, { resolve }] of requests.entries()) resolve(pages[index] ?? null);
    } catch (error) {
      for (const { reject } of requests) reject(error);
    } finally {
      this.#inFlight -= 1;
      this.#query();
    }
  }

  #sayItIsAway(err: unknown): void {
    if (!this.#isPostgresAway) this.#logger?.warn({ err }, 'cannot read task events; trying on');
    this.#isPostgresAway = true;
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
    // It must not keep a process alive that has closed everything else.
    timer.unref();
    waiter.wake = wake;
  });
}
