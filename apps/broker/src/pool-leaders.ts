import type { Catalogue } from '@runfleet/catalog';

import type { BrokerContext } from './context.ts';
import { PoolLeader } from './pool-leader.ts';

/** One leader, or standby, for each pool of the catalogue. A published model's pool gets its own at once. */
export class PoolLeaders implements AsyncDisposable {
  readonly #ctx: BrokerContext;
  readonly #leaders = new Map<string, PoolLeader>();
  #isClosed = false;

  constructor(ctx: BrokerContext) {
    this.#ctx = ctx;
  }

  /** Starts what is missing. Pools of retired models keep their leaders, which drain them. */
  follow({ pools }: Pick<Catalogue, 'pools'>): void {
    if (this.#isClosed) return;
    for (const pool of pools) {
      if (this.#leaders.has(pool)) continue;
      const leader = new PoolLeader(this.#ctx, { pool });
      this.#leaders.set(pool, leader);
      leader.start();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    await Promise.all([...this.#leaders.values()].map((leader) => leader[Symbol.asyncDispose]()));
  }
}
