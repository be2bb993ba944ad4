import { vi } from 'vitest';

/**
 * More than any machine needs, and less than a test's timeout, so that a failure reports what it
 * waited for.
 */
const PATIENCE_MS = 20_000;
const LOOK_EVERY_MS = 20;

/**
 * Resolves to the result of `check` once it no longer throws; rejects with its last error after 20
 * s.
 */
export function eventually<T>(check: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(check, { timeout: PATIENCE_MS, interval: LOOK_EVERY_MS });
}
