import type { Follower } from '@runfleet/events';
import type { Logger } from '@runfleet/service';

import type { FollowedTask } from './render-frame.ts';
import type { Sink } from './sink.ts';
import type { SubscriptionOptions } from './subscription-options.ts';
import type { Subscription } from './subscription.ts';
import { TaskFeed } from './task-feed.ts';

/** A client's handle on its subscription. */
export type SubscriptionHandle = {
  /** Sends pending events; the sink calls it when it has room again. */
  pump(): void;
  /** The last seq sent to the client. */
  readonly seq: number;
  /** Ends the subscription. Not needed after `onEnd`. */
  end(): void;
};

/** `complete`: the task has ended and every event was sent. `failed`: the log can no longer be read. */
export type SubscriptionEnd = 'complete' | 'failed';

/** The feeds of all tasks with subscriptions, at most one per task. */
export class TaskFeeds {
  readonly #follower: Pick<Follower, 'followPages'>;
  readonly #outputIntervalMs: number;
  readonly #logger: Logger;
  readonly #feeds = new Map<string, TaskFeed>();
  readonly #onEnd = new Map<Subscription, (end: SubscriptionEnd) => void>();

  constructor(options: {
    follower: Pick<Follower, 'followPages'>;
    outputIntervalMs: number;
    logger: Logger;
  }) {
    this.#follower = options.follower;
    this.#outputIntervalMs = options.outputIntervalMs;
    this.#logger = options.logger;
  }

  get count(): number {
    return this.#feeds.size;
  }

  get subscriptionCount(): number {
    return this.#onEnd.size;
  }

  /** Subscribes a sink to a task's events after `options.after`. Nothing is sent before the first `pump`. */
  subscribe(
    task: FollowedTask,
    options: SubscriptionOptions,
    sink: Sink,
    onEnd: (end: SubscriptionEnd) => void,
  ): SubscriptionHandle {
    const feed = this.#feeds.get(task.id) ?? this.#open(task);
    const subscription = feed.subscribe(options, sink);
    this.#onEnd.set(subscription, onEnd);
    return {
      pump: () => feed.pump(subscription),
      get seq() {
        return subscription.seq;
      },
      end: () => {
        feed.unsubscribe(subscription);
        this.#remove(feed, subscription);
      },
    };
  }

  close(): void {
    for (const feed of this.#feeds.values()) feed.close();
    this.#feeds.clear();
    this.#onEnd.clear();
  }

  #open(task: FollowedTask): TaskFeed {
    const feed: TaskFeed = new TaskFeed({
      task,
      outputIntervalMs: this.#outputIntervalMs,
      onComplete: (subscription) => this.#remove(feed, subscription, 'complete'),
    });
    this.#feeds.set(task.id, feed);
    feed.run(this.#follower).catch((err: unknown) => {
      this.#logger.error({ err, taskId: task.id }, 'cannot follow a task');
      for (const subscription of feed.subscriptions) {
        feed.unsubscribe(subscription);
        this.#remove(feed, subscription, 'failed');
      }
    });
    return feed;
  }

  #remove(feed: TaskFeed, subscription: Subscription, end?: SubscriptionEnd): void {
    const onEnd = this.#onEnd.get(subscription);
    this.#onEnd.delete(subscription);
    if (!feed.hasSubscriptions) {
      if (this.#feeds.get(feed.task.id) === feed) this.#feeds.delete(feed.task.id);
      feed.close();
    }
    if (end) onEnd?.(end);
  }
}
