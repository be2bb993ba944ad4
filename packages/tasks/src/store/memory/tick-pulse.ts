import { PULSE_MS_MIN } from '../../fleet/decide-worker.ts';
import type { MemoryDatabase } from './memory-database.ts';

const TICK_MICROS = BigInt(PULSE_MS_MIN) * 1_000n;

/** Ticks the pulse, at most once a second however many brokers call, whatever the clock does. */
export function tickPulse(database: MemoryDatabase): void {
  const now = database.clock();
  const { n, at } = database.pulse;
  if (at <= now - TICK_MICROS || at > now) database.pulse = { n: n + 1, at: now };
}
