/**
 * Who leads a pool, as decisions about its lease row by the database's clock. Two brokers that both
 * believe to lead are safe, since the assign commit checks everything again.
 */
import type { Micros } from '@runfleet/protocol';

export type LeaseState = {
  readonly pool: string;
  holder: string;
  /** Rises with each change of the holder. */
  generation: number;
  renewedAt: Micros;
  /** The queue index that was last filled completely; null while one is being filled. */
  indexMark: string | null;
};

/**
 * A lead that was not renewed for this long may be taken by any broker. So may one that was renewed as
 * far in the future: the clock was set back, and its holder may be gone.
 */
export const LEASE_MICROS = 5_000_000n;

/** Takes or renews the lead. Undefined: another broker leads. */
export function decideLead(
  lease: LeaseState | null,
  input: { pool: string; holder: string },
  { now }: { now: Micros },
): LeaseState | undefined {
  const { pool, holder } = input;
  if (lease === null) return { pool, holder, generation: 1, renewedAt: now, indexMark: null };
  if (lease.holder === holder) return { ...lease, renewedAt: now };
  const age = now - lease.renewedAt;
  if (age <= LEASE_MICROS && age >= -LEASE_MICROS) return undefined;
  return { ...lease, holder, generation: lease.generation + 1, renewedAt: now };
}

/** Gives the lead away at once, for a broker that stops. */
export function decideYield(
  lease: LeaseState | null,
  input: { holder: string },
): LeaseState | undefined {
  return lease?.holder === input.holder ? { ...lease, renewedAt: 0n } : undefined;
}

/** Remembers which index is complete, or that none is. */
export function decideIndexMark(
  lease: LeaseState | null,
  input: { holder: string; mark: string | null },
): LeaseState | undefined {
  return lease?.holder === input.holder ? { ...lease, indexMark: input.mark } : undefined;
}
