import { connectBestEffort } from '@runfleet/redis';
import type { Logger } from '@runfleet/service';
import type { Redis } from 'ioredis';

import { channelOf, databaseOf, decodeNotice, type Notice } from './notice.ts';

const CHANNELS_PER_SUBSCRIBE = 512;
const SUBSCRIBE_WAIT_MS = 250;
/** Tasks end one by one; one command unsubscribes all that ended within this time. */
const LINGER_MS = 100;

/** Receives the notices of the followed tasks over one connection. */
export class NoticeListener {
  readonly #redis: Redis;
  readonly #database: string;
  readonly #taskIds = new Set<string>();
  /** Still subscribed, no longer followed. */
  readonly #lingering = new Set<string>();
  #lingerTimer: NodeJS.Timeout | undefined;
  /** Tasks of the next SUBSCRIBE, and when it is in effect. */
  #joining: { taskIds: string[]; done: Promise<void> } | null = null;
  #isDisconnected = false;

  /** `onRestored`: all subscriptions are in effect (again); earlier notices may be lost. */
  constructor(options: {
    url: string;
    logger: Logger | undefined;
    onNotice: (notice: Notice) => void;
    onRestored: () => void;
  }) {
    const { url, logger, onNotice, onRestored } = options;
    this.#database = databaseOf(url);
    this.#redis = connectBestEffort(url, 'runfleet:follower');
    this.#redis.on('message', (_channel: string, text: string) => {
      const notice = decodeNotice(text);
      if (notice) onNotice(notice);
    });
    this.#redis.on('close', () => {
      if (!this.#isDisconnected) logger?.warn('follower lost Redis; polling Postgres');
      this.#isDisconnected = true;
      this.#lingering.clear();
    });
    this.#redis.on('ready', () => {
      if (this.#isDisconnected) logger?.info('follower reconnected to Redis');
      this.#isDisconnected = false;
      // If the connection is lost again, another `ready` follows.
      void this.#subscribeAll().then(onRestored, () => {});
    });
  }

  get isConnected(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Resolves once the task is subscribed, or cannot be for now. Never rejects. */
  async listen(taskId: string): Promise<void> {
    this.#taskIds.add(taskId);
    if (this.#lingering.delete(taskId)) return;
    this.#joining ??= { taskIds: [], done: afterThisTurn().then(() => this.#subscribeJoining()) };
    this.#joining.taskIds.push(taskId);
    await this.#joining.done;
  }

  forget(taskId: string): void {
    this.#taskIds.delete(taskId);
    if (!this.isConnected) return;
    this.#lingering.add(taskId);
    this.#lingerTimer ??= setTimeout(() => this.#unsubscribeLingering(), LINGER_MS).unref();
  }

  close(): void {
    // This close is intended and not logged.
    this.#redis.removeAllListeners('close');
    clearTimeout(this.#lingerTimer);
    this.#redis.disconnect();
  }

  async #subscribeJoining(): Promise<void> {
    const channels = (this.#joining?.taskIds ?? []).map((taskId) => this.#channelOf(taskId));
    this.#joining = null;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, SUBSCRIBE_WAIT_MS);
    });
    const subscribed = this.#redis.subscribe(...channels).catch(() => {
      // Redis is unavailable: `ready` subscribes all followed tasks.
    });
    await Promise.race([subscribed, timeout]);
    clearTimeout(timer);
  }

  #unsubscribeLingering(): void {
    this.#lingerTimer = undefined;
    const channels = [...this.#lingering].map((taskId) => this.#channelOf(taskId));
    this.#lingering.clear();
    if (channels.length === 0) return;
    this.#redis.unsubscribe(...channels).catch(() => {
      // A lost connection has no subscriptions to end.
    });
  }

  async #subscribeAll(): Promise<void> {
    const channels = [...this.#taskIds].map((taskId) => this.#channelOf(taskId));
    for (let start = 0; start < channels.length; start += CHANNELS_PER_SUBSCRIBE) {
      await this.#redis.subscribe(...channels.slice(start, start + CHANNELS_PER_SUBSCRIBE));
    }
  }

  #channelOf(taskId: string): string {
    return channelOf(this.#database, taskId);
  }
}

/** Resolves at the end of this turn of the event loop. */
function afterThisTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
