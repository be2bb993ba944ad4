import { MESSAGES } from '@runfleet/protocol';
import { RateLimiter } from '@runfleet/service';

import type { EndReason } from './connection.ts';
import { findTask } from './find-task.ts';
import type { GatewayContext } from './gateway-context.ts';
import type { Outlet, Wish } from './outlet.ts';
import { errorFrame } from './render-frame.ts';
import type { Watch } from './task-feeds.ts';

/** The socket as its tasks need it. */
export type SocketOutlet = Outlet & {
  readonly address: string;
  sendError(frame: Buffer): void;
  /** Whether frames of the client wait in the network until tokens have been looked up. */
  holdBack(isHeld: boolean): void;
  end(reason: Exclude<EndReason, 'dead'>): void;
};

/** The tasks that one socket follows: each from its `task_info` until all of it is told. */
export class SocketTasks {
  readonly #ctx: GatewayContext;
  readonly #outlet: SocketOutlet;
  /** Null while the token is looked up. */
  readonly #watches = new Map<string, Watch | null>();
  readonly #badTokens: RateLimiter;
  readonly #closing = new AbortController();
  #lookups = 0;
  #hasFound = false;

  constructor(ctx: GatewayContext, outlet: SocketOutlet) {
    this.#ctx = ctx;
    this.#outlet = outlet;
    const { badTokensPerConnection: burst } = ctx.limits;
    this.#badTokens = new RateLimiter({ perSecond: burst / 60, burst, keysMax: 1 });
  }

  /** Whether the client has named a task, or one that it named is being looked up. */
  get isRegistered(): boolean {
    return this.#hasFound || this.#watches.size > 0;
  }

  /** Where each task that is not told yet stands. */
  get places(): [token: string, seq: number][] {
    const places: [string, number][] = [];
    for (const [token, watch] of this.#watches) if (watch) places.push([token, watch.seq]);
    return places;
  }

  /** Follows a task. To ask for one that is being told changes nothing; one that was told is told again. */
  follow(token: string, wish: Wish): void {
    if (this.#closing.signal.aborted || this.#watches.has(token)) return;
    if (this.#watches.size >= this.#ctx.limits.tokensPerConnectionMax) {
      return this.#outlet.sendError(errorFrame('too-many-tasks', token));
    }
    if (this.#ctx.connections.isMemoryFull) return this.#outlet.end('unavailable');
    this.#watches.set(token, null);
    void this.#watch(token, wish);
  }

  /** Answers a token that stands for no task; a client that shows too many is closed. */
  refuse(token?: string): void {
    const { badTokens } = this.#ctx;
    if (this.#badTokens.take('') > 0 || badTokens.take(this.#outlet.address) > 0) {
      this.#outlet.sendError(errorFrame('too-many-bad-tokens'));
      return this.#outlet.end('guessing');
    }
    this.#outlet.sendError(errorFrame(MESSAGES.tokenInvalid, token));
  }

  pumpAll(): void {
    for (const watch of this.#watches.values()) watch?.pump();
  }

  letGo(): void {
    this.#closing.abort();
    for (const watch of this.#watches.values()) watch?.end();
    this.#watches.clear();
  }

  async #watch(token: string, wish: Wish): Promise<void> {
    const { limits } = this.#ctx;
    this.#lookups += 1;
    // A client that asks faster than Postgres answers waits in the network.
    if (this.#lookups >= limits.lookupsPerConnectionMax) this.#outlet.holdBack(true);
    try {
      const task = await findTask(this.#ctx.readTaskId, token, this.#closing.signal);
      if (this.#closing.signal.aborted) return;
      if (task === null) {
        this.#watches.delete(token);
        return this.refuse(token);
      }
      this.#hasFound = true;
      const watch = this.#ctx.feeds.watch(task, wish, this.#outlet, (end) => {
        this.#watches.delete(token);
        if (end === 'failed') this.#outlet.end('unavailable');
      });
      this.#watches.set(token, watch);
      watch.pump();
    } catch (err) {
      if (this.#closing.signal.aborted) return;
      this.#ctx.logger.warn({ err }, 'a task token cannot be looked up');
      this.#outlet.end('unavailable');
    } finally {
      this.#lookups -= 1;
      if (this.#lookups < limits.lookupsPerConnectionMax) this.#outlet.holdBack(false);
    }
  }
}
