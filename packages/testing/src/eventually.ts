import { vi } from 'vitest';

/** Far beyond what any machine needs, and less than a test may take: what fails says what it waited for. */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 20;

/** Answers what `check` answers once it no longer throws; rejects with its last error after 20 s. */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: LOOK_EVERY_MS });
}
