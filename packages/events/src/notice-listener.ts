import { connectBestEffort } from '@runfleet/redis';
import type { Logger } from '@runfleet/service';
import type { Redis } from 'ioredis';

import { channelOf, databaseOf, decodeNotice, type Notice } from './notice.ts';

const CHANNELS_PER_SUBSCRIBE = 512;
const SUBSCRIBE_WAIT_MS = 250;
/** Tasks end one by one, and one command forgets all that ended meanwhile. */
const LINGER_MS = 100;

/** Hears the notices of the tasks it was asked to listen for, over one connection. */
export class NoticeListener {
  readonly #redis: Redis;
  readonly #database: string;
  readonly #taskIds = new Set<string>();
  /** Subscribed still, and not wanted any more. */
  readonly #lingering = new Set<string>();
  #lingerTimer: NodeJS.Timeout | undefined;
  /** What the next command subscribes, and when that holds. */
  #joining: { taskIds: string[]; done: Promise<void> } | null = null;
  #isAway = false;

  /** `onRestored`: every subscription holds (again); what was announced before that may be missed. */
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
      if (!this.#isAway) logger?.warn('follower has no Redis; it polls Postgres meanwhile');
      this.#isAway = true;
      this.#lingering.clear();
    });
    this.#redis.on('ready', () => {
      if (this.#isAway) logger?.info('follower has its Redis back');
      this.#isAway = false;
      // A connection lost meanwhile comes back as another `ready`.
      void this.#subscribeAll().then(onRestored, () => {});
    });
  }

  get isConnected(): boolean {
    return this.#redis.status === 'ready';
  }

  /** Resolves once notices of the task arrive, or cannot for now. Never rejects. */
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
    // From here on it is away because it is meant to be.
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
      // Redis is away: `ready` will subscribe whatever is wanted by then.
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
      // A lost connection has no subscriptions.
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

/** Resolves when everything that this turn of the event loop has begun had its say. */
function afterThisTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
