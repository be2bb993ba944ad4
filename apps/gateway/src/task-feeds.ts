import type { Follower } from '@runfleet/events';
import type { Logger } from '@runfleet/service';

import type { Outlet, Wish } from './outlet.ts';
import type { FollowedTask } from './render-frame.ts';
import type { Subscription } from './subscription.ts';
import { TaskFeed } from './task-feed.ts';

/** A client's hold on a feed. */
export type Watch = {
  /** Goes on telling; an outlet calls it when it has room again. */
  pump(): void;
  /** The last seq that the client was given. */
  readonly seq: number;
  /** Lets go. After `onEnd` it need not be called. */
  end(): void;
};

/** `told`: the task has ended and everything was sent. `failed`: the log cannot be read any more. */
export type WatchEnd = 'told' | 'failed';

/** The feeds of the tasks that somebody watches. */
export class TaskFeeds {
  readonly #follower: Pick<Follower, 'followPages'>;
  readonly #outputIntervalMs: number;
  readonly #logger: Logger;
  readonly #feeds = new Map<string, TaskFeed>();
  readonly #onEnd = new Map<Subscription, (end: WatchEnd) => void>();

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

  get watchCount(): number {
    return this.#onEnd.size;
  }

  /** Tells a task to an outlet, from `wish.after` on. Nothing is sent before the caller calls `pump`. */
  watch(task: FollowedTask, wish: Wish, outlet: Outlet, onEnd: (end: WatchEnd) => void): Watch {
    const feed = this.#feeds.get(task.id) ?? this.#open(task);
    const subscription = feed.subscribe(wish, outlet);
    this.#onEnd.set(subscription, onEnd);
    return {
      pump: () => feed.pump(subscription),
      get seq() {
        return subscription.seq;
      },
      end: () => {
        feed.unsubscribe(subscription);
        this.#leave(feed, subscription);
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
      onLeft: (subscription) => this.#leave(feed, subscription, 'told'),
    });
    this.#feeds.set(task.id, feed);
    feed.run(this.#follower).catch((err: unknown) => {
      this.#logger.error({ err, taskId: task.id }, 'a task cannot be followed');
      for (const subscription of feed.subscriptions) {
        feed.unsubscribe(subscription);
        this.#leave(feed, subscription, 'failed');
      }
    });
    return feed;
  }

  #leave(feed: TaskFeed, subscription: Subscription, end?: WatchEnd): void {
    const onEnd = this.#onEnd.get(subscription);
    this.#onEnd.delete(subscription);
    if (!feed.isWatched) {
      if (this.#feeds.get(feed.task.id) === feed) this.#feeds.delete(feed.task.id);
      feed.close();
    }
    if (end) onEnd?.(end);
  }
}
