import type { EventPage, Follower } from '@runfleet/events';

import type { FollowedTask } from './render-frame.ts';
import type { Sink } from './sink.ts';
import type { SubscriptionOptions } from './subscription-options.ts';
import { Subscription } from './subscription.ts';
import { TaskHistory } from './task-history.ts';

/**
 * Follows one task for all of its subscriptions, for as long as there are any.
 *
 * It holds the task's history, so a late subscription starts without a race: past events come from memory,
 * new events go to all. Nothing is sent before the history has caught up with the log, so an old task's
 * output is sent at once and not word by word.
 */
export class TaskFeed {
  readonly task: FollowedTask;
  readonly #history: TaskHistory;
  readonly #outputIntervalMs: number;
  readonly #onComplete: (subscription: Subscription) => void;
  readonly #stopping = new AbortController();
  readonly #subscriptions = new Set<Subscription>();
  #isLive = false;
  #isOver = false;
  #outputAt = 0;
  #outputTimer: NodeJS.Timeout | undefined;

  /** `onComplete`: a subscription was sent every event. */
  constructor(options: {
    task: FollowedTask;
    outputIntervalMs: number;
    onComplete: (subscription: Subscription) => void;
  }) {
    this.task = options.task;
    this.#history = new TaskHistory(options.task);
    this.#outputIntervalMs = options.outputIntervalMs;
    this.#onComplete = options.onComplete;
  }

  get hasSubscriptions(): boolean {
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

  subscribe(options: SubscriptionOptions, sink: Sink): Subscription {
    const subscription = new Subscription(this.#history, options, sink);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /** Sends what a subscription has pending: a new one, or one whose sink has room again. */
  pump(subscription: Subscription, isDue = true): void {
    if (!this.#isLive || !this.#subscriptions.has(subscription)) return;
    subscription.pump(isDue);
    if (!this.#isOver || !subscription.hasEverything || !subscription.repeatEnd()) return;
    this.#subscriptions.delete(subscription);
    this.#onComplete(subscription);
  }

  unsubscribe(subscription: Subscription): void {
    this.#subscriptions.delete(subscription);
  }

  close(): void {
    clearTimeout(this.#outputTimer);
    this.#subscriptions.clear();
    // An explicit reason, since the default one records a stack.
    this.#stopping.abort('closed');
  }

  #take({ events, isLive }: EventPage): void {
    for (const event of events) this.#history.add(event);
    this.#isLive ||= isLive;
    // A page in the middle of a backlog is not sent before the backlog's end is read.
    if (!isLive) return;
    if (this.#history.events.at(-1)?.type !== 'task_output') return this.#pumpAll(false);

    const waitMs = this.#outputAt + this.#outputIntervalMs - performance.now();
    this.#pumpAll(waitMs <= 0);
    // Rounded up, since timers drop fractions of a millisecond.
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
