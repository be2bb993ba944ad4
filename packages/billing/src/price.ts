import { costOf, type Micros, type Pico, type Ticks, ticksBetween } from '@runfleet/protocol';

const TICKS_PER_SECOND = 10_000n;

/** The times that a bill is made from. */
export type BilledRun = {
  acceptedAt: Micros | null;
  endedAt: Micros | null;
  timeoutSeconds: number;
};

/**
 * How long a run is billed: from accept to end, waiting in any queue is free. A run that was
 * stopped by its timeout is not billed past it, so no bill is above the hold.
 */
export function billedTicks(run: BilledRun): Ticks {
  if (run.acceptedAt === null || run.endedAt === null) return 0n;
  const ticks = ticksBetween(run.acceptedAt, run.endedAt);
  const ceiling = BigInt(run.timeoutSeconds) * TICKS_PER_SECOND;
  return ticks < ceiling ? ticks : ceiling;
}

/** The most a run may cost: what is held when it is accepted. */
export function priceCeiling(timeoutSeconds: number, cps: Pico): Pico {
  return costOf(BigInt(timeoutSeconds) * TICKS_PER_SECOND, cps);
}
