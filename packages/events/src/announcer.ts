import type { TaskEvent } from '@runfleet/protocol';
import { connectBestEffort } from '@runfleet/redis';
import { groupBy, type Logger } from '@runfleet/service';
import type { Redis } from 'ioredis';

import { channelOf, databaseOf, encodeNotice } from './notice.ts';

export type Announcer = AsyncDisposable & {
  /**
   * Publishes committed events to followers, in seq order per task. Best effort: it never throws
   * and never waits. Followers find dropped events with their slow poll.
   */
  announce(events: readonly TaskEvent[]): void;
};

const NOTICES_WAITING_MAX = 4_096;
const NOTICES_PER_PIPELINE = 256;
const PIPELINES_IN_FLIGHT_MAX = 2;
const ANSWER_TIMEOUT_MS = 1_000;

/**
 * Publishes notices to the Redis at `url`, whose path is the database's number. Connects in the
 * background.
 */
export function openAnnouncer(options: { url: string; logger?: Logger }): Announcer {
  return new RedisAnnouncer(options);
}

class RedisAnnouncer implements Announcer {
  readonly #redis: Redis;
  readonly #database: string;
  readonly #logger: Logger | undefined;
  #waiting: { taskId: string; notice: string }[] = [];
  #inFlight = 0;
  #isDisconnected = false;
  #onIdle: (() => void) | null = null;

  constructor({ url, logger }: { url: string; logger?: Logger }) {
    this.#redis = connectBestEffort(url, 'runfleet:announcer');
    this.#database = databaseOf(url);
    this.#logger = logger;
    this.#redis.on('ready', () => {
      if (this.#isDisconnected) this.#logger?.info('announcer reconnected to Redis');
      this.#isDisconnected = false;
      this.#publish();
    });
    this.#redis.on('close', () => {
      if (!this.#isDisconnected)
        this.#logger?.warn('announcer lost Redis; followers poll Postgres');
      this.#isDisconnected = true;
      this.#waiting = [];
    });
  }

  announce(events: readonly TaskEvent[]): void {
    if (this.#isDisconnected) return;
    for (const [taskId, ofTask] of groupBy(events, ({ taskId }) => taskId)) {
      this.#waiting.push({ taskId, notice: encodeNotice(ofTask) });
    }
    // A follower with a gap reads everything, so dropping all costs no more than dropping one.
    if (this.#waiting.length > NOTICES_WAITING_MAX) this.#waiting = [];
    this.#publish();
  }

  #publish(): void {
    if (this.#redis.status !== 'ready') return;
    while (this.#waiting.length > 0 && this.#inFlight < PIPELINES_IN_FLIGHT_MAX) {
      void this.#send(this.#waiting.splice(0, NOTICES_PER_PIPELINE));
    }
  }

  async #send(notices: readonly { taskId: string; notice: string }[]): Promise<void> {
    this.#inFlight += 1;
    // A hung Redis keeps its connection open; only a new connection may get answers.
    const timer = setTimeout(() => this.#redis.disconnect(true), ANSWER_TIMEOUT_MS);
    try {
      const pipeline = this.#redis.pipeline();
      for (const { taskId, notice } of notices) {
        pipeline.publish(channelOf(this.#database, taskId), notice);
      }
      await pipeline.exec();
    } catch {
      // Followers find the events by polling.
    } finally {
      clearTimeout(timer);
      this.#inFlight -= 1;
      this.#publish();
      if (this.#inFlight === 0) this.#onIdle?.();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#inFlight > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
    // This close is intended and not logged.
    this.#redis.removeAllListeners('close');
    this.#redis.disconnect();
  }
}
