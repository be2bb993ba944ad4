import type { FleetStore } from '../store/fleet-store.ts';
import { decideIndexMark, decideLead, decideYield } from './decide-lease.ts';

type Ctx = { store: FleetStore };

/** A broker's hold on a pool. `indexMark` names the queue index that was last filled completely. */
export type PoolLease = { generation: number; indexMark: string | null };

/** Takes or renews the lead of a pool. Null: another broker leads. */
export async function leadPool(
  ctx: Ctx,
  input: { pool: string; holder: string },
): Promise<PoolLease | null> {
  return ctx.store.changeLease({
    pool: input.pool,
    decide: (lease, snapshot) => decideLead(lease, input, snapshot),
  });
}

/** Gives the lead away at once, for a broker that stops. */
export async function yieldPool(ctx: Ctx, input: { pool: string; holder: string }): Promise<void> {
  await ctx.store.changeLease({ pool: input.pool, decide: (lease) => decideYield(lease, input) });
}

/** Remembers which index is complete; null while one is being filled. */
export async function writeIndexMark(
  ctx: Ctx,
  input: { pool: string; holder: string; mark: string | null },
): Promise<void> {
  await ctx.store.changeLease({
    pool: input.pool,
    decide: (lease) => decideIndexMark(lease, input),
  });
}
