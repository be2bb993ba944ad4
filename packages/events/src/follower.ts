import type { Db } from '@runfleet/db';
import { MESSAGES, RunfleetError, type TaskEvent } from '@runfleet/protocol';
import type { Logger } from '@runfleet/service';

import { EndWatch } from './end-watch.ts';
import { LogReader } from './log-reader.ts';
import { NoticeListener } from './notice-listener.ts';
import { type Cursor, TaskHub } from './task-hub.ts';

export type Follower = {
  /**
   * A task's events after `afterSeq` (0 = all): first stored events, then new ones, in seq order,
   * without gaps or repeats. Ends after the task's last event, or when `signal` aborts. Throws
   * RunfleetError `task_not_found`. Waits while Postgres or Redis is unavailable.
   */
  follow(taskId: string, afterSeq: number, signal: AbortSignal): AsyncGenerator<TaskEvent>;
  /** The same, in batches as events become known. */
  followPages(taskId: string, afterSeq: number, signal: AbortSignal): AsyncGenerator<EventPage>;
  /**
   * Calls `onOver` once, when the task has ended, or with the failure that keeps it from being known.
   * Disposing ends the watch without a call.
   */
  watchEnd(taskId: string, onOver: (failure: unknown) => void): Disposable;
  /** How often a missed or oversized notice caused a read from Postgres. */
  readonly gapReads: number;
  /** Tasks with at least one follower. */
  readonly taskCount: number;
  readonly isRedisConnected: boolean;
};

/** `isLive`: no later event was known when this batch was read. */
export type EventPage = { events: readonly TaskEvent[]; isLive: boolean };

const POLL_MS = 1_000;
const NOTICE_GRACE_MS = 25;

/**
 * Follows tasks of `db` with notices from the Redis at `url`. `pollMs` bounds how late events are
 * when Redis delivers nothing; one statement per poll covers all followed tasks.
 */
export function openFollower(options: {
  db: Pick<Db, 'sql'>;
  url: string;
  logger?: Logger;
  pollMs?: number;
}): Follower & AsyncDisposable {
  return new LogFollower(options);
}

type Followed = { hub: TaskHub; listening: Promise<void> };

class LogFollower implements Follower, AsyncDisposable {
  readonly #reader: LogReader;
  readonly #listener: NoticeListener;
  readonly #pollMs: number;
  readonly #followed = new Map<string, Followed>();
  #pollTimer: NodeJS.Timeout | undefined;
  #isPolling = false;
  #isClosed = false;
  #gapReads = 0;

  constructor(options: { db: Pick<Db, 'sql'>; url: string; logger?: Logger; pollMs?: number }) {
    this.#pollMs = options.pollMs ?? POLL_MS;
    this.#reader = new LogReader(options.db, options.logger);
    this.#listener = new NoticeListener({
      url: options.url,
      logger: options.logger,
      onNotice: (notice) => this.#followed.get(notice.taskId)?.hub.notice(notice),
      onRestored: () => void this.#poll(),
    });
    this.#schedulePoll();
  }

  get gapReads(): number {
    return this.#gapReads;
  }

  get taskCount(): number {
    return this.#followed.size;
  }

  get isRedisConnected(): boolean {
    return this.#listener.isConnected;
  }

  async *follow(taskId: string, afterSeq: number, signal: AbortSignal): AsyncGenerator<TaskEvent> {
    for await (const { events } of this.followPages(taskId, afterSeq, signal)) {
      for (const event of events) {
        yield event;
        if (signal.aborted || this.#isClosed) return;
      }
    }
  }

  async *followPages(
    taskId: string,
    afterSeq: number,
    signal: AbortSignal,
  ): AsyncGenerator<EventPage> {
    const isDone = () => signal.aborted || this.#isClosed;
    const cursor: Cursor = { seq: afterSeq, wake: null, isDone };
    const { hub, listening } = this.#hubOf(taskId);
    hub.cursors.add(cursor);
    const onAbort = () => cursor.wake?.();
    signal.addEventListener('abort', onAbort);
    try {
      // Subscribe first, then read: an event in between arrives twice rather than never.
      await listening;
      while (!isDone()) {
        const events = hub.after(cursor.seq) ?? (await this.#readBehind(hub, cursor));
        cursor.seq = events.at(-1)?.seq ?? cursor.seq;
        const wanted = events.filter(({ seq }) => seq > afterSeq);
        if (wanted.length > 0) yield { events: wanted, isLive: hub.isLiveAt(cursor.seq) };
        if (hub.isOverAt(cursor.seq)) return;
        // Checked again without an await in between, so that no wake is missed.
        if (!isDone() && hub.after(cursor.seq)?.length === 0) await change(cursor);
      }
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#leave(hub, cursor);
    }
  }

  watchEnd(taskId: string, onOver: (failure: unknown) => void): Disposable {
    const followed = this.#hubOf(taskId);
    const watch = new EndWatch(followed.hub, this.#leave, onOver);
    followed.hub.cursors.add(watch);
    void this.#beginWatch(followed, watch);
    return watch;
  }

  async #beginWatch({ hub, listening }: Followed, watch: EndWatch): Promise<void> {
    try {
      await listening;
      const reading = { isDone: () => watch.isDone() || this.#isClosed, wake: null };
      if (!reading.isDone() && !hub.isLiveAt(watch.seq)) {
        const page = await this.#reader.read(hub.taskId, watch.seq, reading);
        if (page === null) throw new RunfleetError('task_not_found', MESSAGES.taskNotFound);
        hub.learn(page);
      }
      watch.wake();
    } catch (error) {
      watch.end(error);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pollTimer);
    this.#listener.close();
    for (const { hub } of this.#followed.values()) hub.wakeAll();
  }

  #hubOf(taskId: string): Followed {
    let followed = this.#followed.get(taskId);
    if (!followed) {
      followed = { hub: this.#createHub(taskId), listening: this.#listener.listen(taskId) };
      this.#followed.set(taskId, followed);
    }
    return followed;
  }

  /** One function for all watches. */
  readonly #leave = (hub: TaskHub, cursor: Cursor): void => {
    hub.cursors.delete(cursor);
    if (hub.cursors.size > 0) return;
    this.#followed.delete(hub.taskId);
    this.#listener.forget(hub.taskId);
  };

  #createHub(taskId: string): TaskHub {
    const hub: TaskHub = new TaskHub(taskId, (afterSeq) => {
      this.#gapReads += 1;
      const isDone = () => this.#isClosed || this.#followed.get(taskId)?.hub !== hub;
      return this.#reader.read(taskId, afterSeq, { isDone, wake: null });
    });
    return hub;
  }

  /** The next page for a cursor older than the hub's buffer; empty if the read was given up. */
  async #readBehind(hub: TaskHub, cursor: Cursor): Promise<TaskEvent[]> {
    const page = await this.#reader.read(hub.taskId, cursor.seq, cursor).catch((error: unknown) => {
      if (cursor.isDone()) return undefined;
      throw error;
    });
    if (page === undefined) return [];
    if (page === null) throw new RunfleetError('task_not_found', MESSAGES.taskNotFound);
    hub.learn(page);
    // Retention dropped the rest, or `afterSeq` is beyond the end.
    if (page.events.length === 0) cursor.seq = page.head;
    return page.events;
  }

  #schedulePoll(): void {
    // Jitter, so that many processes do not poll in step.
    const waitMs = this.#pollMs * (0.8 + Math.random() * 0.4);
    this.#pollTimer = setTimeout(() => {
      void this.#poll().then(() => {
        if (!this.#isClosed) this.#schedulePoll();
      });
    }, waitMs);
  }

  /** Reads the last seq of each followed task from Postgres. */
  async #poll(): Promise<void> {
    const hubs = [...this.#followed.values()].map(({ hub }) => hub).filter((hub) => !hub.hasEnded);
    if (hubs.length === 0 || this.#isPolling || this.#isClosed) return;
    this.#isPolling = true;
    const heads = await this.#reader.readHeads(hubs.map(({ taskId }) => taskId));
    // An event committed a moment ago is usually on its way as a notice and needs no read.
    await new Promise((resolve) => setTimeout(resolve, NOTICE_GRACE_MS));
    this.#isPolling = false;
    if (!heads) return;
    for (const hub of hubs) {
      const head = heads.get(hub.taskId);
      if (head === undefined) hub.end();
      else hub.hear(head);
    }
  }
}

function change(cursor: Cursor): Promise<void> {
  return new Promise((resolve) => {
    cursor.wake = () => {
      cursor.wake = null;
      resolve();
    };
  });
}
