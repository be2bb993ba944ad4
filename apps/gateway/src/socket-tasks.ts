import { MESSAGES } from '@runfleet/protocol';
import { RateLimiter } from '@runfleet/service';

import type { EndReason } from './connection.ts';
import { findTask } from './find-task.ts';
import type { GatewayContext } from './gateway-context.ts';
import { errorFrame } from './render-frame.ts';
import type { Sink } from './sink.ts';
import type { SubscriptionOptions } from './subscription-options.ts';
import type { SubscriptionHandle } from './task-feeds.ts';

/** What `SocketTasks` needs of its socket. */
export type SocketSink = Sink & {
  readonly address: string;
  sendError(frame: Buffer): void;
  /** Stops or resumes reading from the client, to bound concurrent token lookups. */
  holdBack(isHeld: boolean): void;
  end(reason: Exclude<EndReason, 'dead'>): void;
};

/** The tasks that one socket follows: each from its `task_info` until its last frame was sent. */
export class SocketTasks {
  readonly #ctx: GatewayContext;
  readonly #sink: SocketSink;
  /** By token; null while the token is looked up. */
  readonly #subscriptions = new Map<string, SubscriptionHandle | null>();
  readonly #badTokens: RateLimiter;
  readonly #closing = new AbortController();
  #lookups = 0;
  #hasFound = false;

  constructor(ctx: GatewayContext, sink: SocketSink) {
    this.#ctx = ctx;
    this.#sink = sink;
    const { badTokensPerConnection: burst } = ctx.limits;
    this.#badTokens = new RateLimiter({ perSecond: burst / 60, burst, keysMax: 1 });
  }

  /** Whether the client has named a task, or a token is being looked up. */
  get isRegistered(): boolean {
    return this.#hasFound || this.#subscriptions.size > 0;
  }

  /** The last seq sent of each unfinished subscription. */
  get positions(): [token: string, seq: number][] {
    const positions: [string, number][] = [];
    for (const [token, subscription] of this.#subscriptions) {
      if (subscription) positions.push([token, subscription.seq]);
    }
    return positions;
  }

  /** Follows a task. Has no effect if the socket follows it already; a finished subscription starts again. */
  follow(token: string, options: SubscriptionOptions): void {
    if (this.#closing.signal.aborted || this.#subscriptions.has(token)) return;
    if (this.#subscriptions.size >= this.#ctx.limits.tokensPerConnectionMax) {
      return this.#sink.sendError(errorFrame('too-many-tasks', token));
    }
    if (this.#ctx.connections.isMemoryFull) return this.#sink.end('unavailable');
    this.#subscriptions.set(token, null);
    void this.#subscribe(token, options);
  }

  /** Answers an unknown token, and ends a client that sent too many. */
  refuse(token?: string): void {
    const { badTokens } = this.#ctx;
    if (this.#badTokens.take('') > 0 || badTokens.take(this.#sink.address) > 0) {
      this.#sink.sendError(errorFrame('too-many-bad-tokens'));
      return this.#sink.end('guessing');
    }
    this.#sink.sendError(errorFrame(MESSAGES.tokenInvalid, token));
  }

  pumpAll(): void {
    for (const subscription of this.#subscriptions.values()) subscription?.pump();
  }

  close(): void {
    this.#closing.abort();
    for (const subscription of this.#subscriptions.values()) subscription?.end();
    this.#subscriptions.clear();
  }

  async #subscribe(token: string, options: SubscriptionOptions): Promise<void> {
    const { limits } = this.#ctx;
    this.#lookups += 1;
    // Bounds what a client that asks faster than Postgres answers can queue.
    if (this.#lookups >= limits.lookupsPerConnectionMax) this.#sink.holdBack(true);
    try {
      const task = await findTask(this.#ctx.readTaskId, token, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      if (task === null) {
        this.#subscriptions.delete(token);
        return this.refuse(token);
      }
      this.#hasFound = true;
      const subscription = this.#ctx.feeds.subscribe(task, options, this.#sink, (end) => {
        this.#subscriptions.delete(token);
        if (end === 'failed') this.#sink.end('unavailable');
      });
      this.#subscriptions.set(token, subscription);
      subscription.pump();
    } catch (err) {
      if (this.#closing.signal.aborted) return;
      this.#ctx.logger.warn({ err }, 'cannot look up a task token');
      this.#sink.end('unavailable');
    } finally {
      this.#lookups -= 1;
      if (this.#lookups < limits.lookupsPerConnectionMax) this.#sink.holdBack(false);
    }
  }
}
