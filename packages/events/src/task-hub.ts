import { isTerminal, TASK_LIFE, type TaskEvent, type TaskStatus } from '@runfleet/protocol';

import type { Waiter } from './log-reader.ts';
import type { Notice } from './notice.ts';
import type { LogPage } from './read-events.ts';

/** A follower's place in the log. */
export type Cursor = Waiter & { seq: number };

const BUFFER_EVENTS_MAX = 256;

/**
 * The live end of one task's log, shared by everybody in the process who follows that task.
 *
 * It holds the newest events, gapless, up to `#last`; each follower has a cursor of its own into
 * them. A cursor older than the buffer reads Postgres until it has caught up, so neither a late nor a
 * slow follower costs the others memory. A notice that does not continue `#last` is a gap: one read
 * brings what is missing, whoever waits for it.
 */
export class TaskHub {
  readonly taskId: string;
  readonly cursors = new Set<Cursor>();
  readonly #fill: (afterSeq: number) => Promise<LogPage | null>;
  /** `#buffer[k]` is the event with seq `#base + 1 + k`. */
  #buffer: TaskEvent[] = [];
  #base = 0;
  /** Null until the first page says where the log's end is. */
  #last: number | null = null;
  #heard = 0;
  #isFilling = false;
  #hasEnded = false;

  /** `fill` reads a page and keeps trying; it rejects only when the hub is no longer wanted. */
  constructor(taskId: string, fill: (afterSeq: number) => Promise<LogPage | null>) {
    this.taskId = taskId;
    this.#fill = fill;
  }

  /** Whether somebody at `seq` has everything that is known. */
  isLiveAt(seq: number): boolean {
    return this.#last !== null && seq >= this.#last;
  }

  /** Whether somebody at `seq` has everything there will ever be. */
  isOverAt(seq: number): boolean {
    return this.#hasEnded && this.isLiveAt(seq);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** What is new after `seq`; null where the buffer does not reach back that far. */
  after(seq: number): TaskEvent[] | null {
    if (this.#last === null || seq < this.#base) return null;
    return this.#buffer.slice(seq - this.#base);
  }

  /** Takes in what a follower's own read has shown. */
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

  /** The log reaches `seq`, says somebody who may know. */
  hear(seq: number): void {
    this.#heard = Math.max(this.#heard, seq);
    if (this.#last !== null && this.#heard > this.#last && !this.#isFilling) void this.#catchUp();
  }

  /** The task's row is gone: nothing more will come. */
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
      // No longer wanted.
    } finally {
      this.#isFilling = false;
    }
  }

  /** Postgres has no more events: retention dropped them, or a notice promised what is not there. */
  #skipTo({ head, status }: LogPage): void {
    this.#buffer = [];
    this.#base = this.#last = this.#heard = Math.max(this.#last ?? 0, head);
    this.#hasEnded ||= isTerminal(status);
    this.wakeAll();
  }

  /** `isWhole`: Postgres has nothing between these events and `#last`, whatever their seqs. */
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

  /** Lets every follower look again. */
  wakeAll(): void {
    for (const cursor of this.cursors) cursor.wake?.();
  }
}

function isStatus(type: TaskEvent['type']): type is TaskStatus {
  return type in TASK_LIFE;
}
