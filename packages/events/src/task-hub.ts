import { isTerminal, TASK_LIFE, type TaskEvent, type TaskStatus } from '@runfleet/protocol';

import type { Waiter } from './log-reader.ts';
import type { Notice } from './notice.ts';
import type { LogPage } from './read-events.ts';

/** A follower's place in the log. */
export type Cursor = Waiter & { seq: number };

const BUFFER_EVENTS_MAX = 256;

/**
 * The live end of one task's log, shared by all followers of the task in this process.
 *
 * It holds the newest events, without gaps, up to `#last`; each follower has its own cursor. A
 * follower whose cursor is older than the buffer reads Postgres until it has caught up, so a late
 * or slow follower does not grow the buffer. A notice that does not continue `#last` reveals a
 * gap: one read fetches the missing events for all followers.
 */
export class TaskHub {
  readonly taskId: string;
  readonly cursors = new Set<Cursor>();
  readonly #fill: (afterSeq: number) => Promise<LogPage | null>;
  /** `#buffer[k]` is the event with seq `#base + 1 + k`. */
  #buffer: TaskEvent[] = [];
  #base = 0;
  /** Null until the first page. */
  #last: number | null = null;
  #heard = 0;
  #isFilling = false;
  #hasEnded = false;

  /** `fill` reads a page and retries; it rejects only once the hub has no followers. */
  constructor(taskId: string, fill: (afterSeq: number) => Promise<LogPage | null>) {
    this.taskId = taskId;
    this.#fill = fill;
  }

  /** Whether a follower at `seq` has all known events. */
  isLiveAt(seq: number): boolean {
    return this.#last !== null && seq >= this.#last;
  }

  /** Whether a follower at `seq` has all events and the task has ended. */
  isOverAt(seq: number): boolean {
    return this.#hasEnded && this.isLiveAt(seq);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Events after `seq`; null if the buffer does not reach back that far. */
  after(seq: number): TaskEvent[] | null {
    if (this.#last === null || seq < this.#base) return null;
    return this.#buffer.slice(seq - this.#base);
  }

  /** Applies a page that a follower has read. */
  learn(page: LogPage): void {
    if (this.#last === null) {
      this.#base = this.#last = page.head;
      this.#hasEnded = isTerminal(page.status);
    }
    this.#take(page.events);
    this.hear(page.head);
  }

  notice(notice: Notice): void {
    if (this.#last !== null) this.#take(notice.events);
    this.hear(notice.seq);
  }

  /** A hint that the log reaches `seq`. */
  hear(seq: number): void {
    this.#heard = Math.max(this.#heard, seq);
    if (this.#last !== null && this.#heard > this.#last && !this.#isFilling) void this.#catchUp();
  }

  /** The task's row was deleted: no more events follow. */
  end(): void {
    this.#last ??= 0;
    this.#hasEnded = true;
    this.wakeAll();
  }

  async #catchUp(): Promise<void> {
    this.#isFilling = true;
    try {
      while (this.#last !== null && this.#heard > this.#last) {
        const page = await this.#fill(this.#last);
        if (page === null) return this.end();
        this.#take(page.events, { isWhole: true });
        if (page.events.length === 0) this.#skipTo(page);
      }
    } catch {
      // The hub has no followers.
    } finally {
      this.#isFilling = false;
    }
  }

  /** Postgres has no more events: retention dropped them, or a notice was wrong. */
  #skipTo({ head, status }: LogPage): void {
    this.#buffer = [];
    this.#base = this.#last = this.#heard = Math.max(this.#last ?? 0, head);
    this.#hasEnded ||= isTerminal(status);
    this.wakeAll();
  }

  /** `isWhole`: Postgres has no events between these and `#last`, even if seqs are missing. */
  #take(events: readonly TaskEvent[], { isWhole = false } = {}): void {
    let isNew = false;
    for (const event of events) {
      if (this.#last === null || event.seq <= this.#last) continue;
      if (event.seq !== this.#last + 1) {
        if (!isWhole) break;
        this.#buffer = [];
        this.#base = event.seq - 1;
      }
      this.#buffer.push(event);
      this.#last = event.seq;
      this.#hasEnded ||= isStatus(event.type) && isTerminal(event.type);
      isNew = true;
    }
    if (!isNew) return;
    this.#trim();
    this.wakeAll();
  }

  #trim(): void {
    let slowest = this.#last ?? 0;
    for (const { seq } of this.cursors) slowest = Math.min(slowest, seq);
    const keep = Math.max(slowest, (this.#last ?? 0) - BUFFER_EVENTS_MAX);
    if (keep <= this.#base) return;
    this.#buffer = this.#buffer.slice(keep - this.#base);
    this.#base = keep;
  }

  /** Wakes every follower. */
  wakeAll(): void {
    for (const cursor of this.cursors) cursor.wake?.();
  }
}

function isStatus(type: TaskEvent['type']): type is TaskStatus {
  return type in TASK_LIFE;
}
