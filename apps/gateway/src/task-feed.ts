import type { EventPage, Follower } from '@runfleet/events';

import type { Outlet, Wish } from './outlet.ts';
import type { FollowedTask } from './render-frame.ts';
import { Subscription } from './subscription.ts';
import { TaskHistory } from './task-history.ts';

/**
 * One task as this process tells it: followed once, for as long as somebody watches.
 *
 * It holds the task's history, so whoever joins late starts there, at once and without a race: what
 * has happened is sent from memory, what happens next is sent to all. Nobody is pumped before the
 * history has caught up with the log, so an old task is not told word by word.
 */
export class TaskFeed {
  readonly task: FollowedTask;
  readonly #history: TaskHistory;
  readonly #outputIntervalMs: number;
  readonly #onLeft: (subscription: Subscription) => void;
  readonly #stopping = new AbortController();
  readonly #subscriptions = new Set<Subscription>();
  #isLive = false;
  #isOver = false;
  #outputAt = 0;
  #outputTimer: NodeJS.Timeout | undefined;

  /** `onLeft`: a subscription has been told everything. */
  constructor(options: {
    task: FollowedTask;
    outputIntervalMs: number;
    onLeft: (subscription: Subscription) => void;
  }) {
    this.task = options.task;
    this.#history = new TaskHistory(options.task);
    this.#outputIntervalMs = options.outputIntervalMs;
    this.#onLeft = options.onLeft;
  }

  get isWatched(): boolean {
    return this.#subscriptions.size > 0;
  }

  get subscriptions(): readonly Subscription[] {
    return [...this.#subscriptions];
  }

  /** Reads the task's events until it has ended or the feed is closed. Rejects as `follow` does. */
  async run(follower: Pick<Follower, 'followPages'>): Promise<void> {
    const pages = follower.followPages(this.task.id, 0, this.#stopping.signal);
    for await (const page of pages) this.#take(page);
    if (this.#stopping.signal.aborted) return;
    this.#isLive = this.#isOver = true;
    this.#pumpAll(true);
  }

  subscribe(wish: Wish, outlet: Outlet): Subscription {
    const subscription = new Subscription(this.#history, wish, outlet);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Goes on with a subscription: a new one, or one whose outlet has room again. */
  pump(subscription: Subscription, isDue = true): void {
    if (!this.#isLive || !this.#subscriptions.has(subscription)) return;
    subscription.pump(isDue);
    if (!this.#isOver || !subscription.hasEverything) return;
    this.#subscriptions.delete(subscription);
    this.#onLeft(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  close(): void {
    clearTimeout(this.#outputTimer);
    this.#subscriptions.clear();
    // A reason of our own, since the default one records a stack.
    this.#stopping.abort('closed');
  }

  #take({ events, isLive }: EventPage): void {
    for (const event of events) this.#history.add(event);
    this.#isLive ||= isLive;
    // A page in the middle of a backlog is not told before its end is known.
    if (!isLive) return;
    if (this.#history.events.at(-1)?.type !== 'task_output') return this.#pumpAll(false);

    const waitMs = this.#outputAt + this.#outputIntervalMs - performance.now();
    this.#pumpAll(waitMs <= 0);
    // Whole, since a timer leaves a fraction of a millisecond out.
    if (waitMs > 0) this.#outputTimer ??= setTimeout(() => this.#pumpAll(true), Math.ceil(waitMs));
  }

  #pumpAll(isDue: boolean): void {
    if (isDue) {
      clearTimeout(this.#outputTimer);
      this.#outputTimer = undefined;
      this.#outputAt = performance.now();
    }
    for (const subscription of this.#subscriptions) this.pump(subscription, isDue);
  }
}
