import { RunfleetError } from '@runfleet/protocol';

import { Interruption } from './interruption.ts';

/** A body must arrive at this rate, after a grace for slow starts. */
const BYTES_PER_MS_MIN = 16;
const GRACE_MS = 5_000;
const CHECK_MS = 500;

/**
 * Ends the wait for a body that arrives too slowly, so that its connection and memory are released. The
 * time that its reader takes between two parts does not count.
 */
export class BodyPace implements Disposable {
  /** Time that was spent waiting for the body, and since when there is such a wait. */
  #waitedMs = 0;
  #waitingSinceMs: number | null = null;
  readonly #timer: NodeJS.Timeout;
  readonly #late = new Interruption();
  #arrivedBytes = 0;

  constructor() {
    this.#timer = setInterval(() => {
      const waitedMs = this.#waitedMs + this.#waitMs() - GRACE_MS;
      if (this.#arrivedBytes >= waitedMs * BYTES_PER_MS_MIN) return;
      this.#late.fail(
        new RunfleetError(
          'invalid_request',
          `Request body arrived at less than ${BYTES_PER_MS_MIN} KB per second. Send it faster.`,
        ),
      );
    }, CHECK_MS);
  }

  add(sizeBytes: number): void {
    this.#arrivedBytes += sizeBytes;
  }

  /** Resolves as `part` does; throws `invalid_request` once the body is late. */
  async inTime<T>(part: Promise<T>): Promise<T> {
    this.#waitingSinceMs = performance.now();
    try {
      return await this.#late.wait(part);
    } finally {
      this.#waitedMs += this.#waitMs();
      this.#waitingSinceMs = null;
    }
  }

  #waitMs(): number {
    return this.#waitingSinceMs === null ? 0 : performance.now() - this.#waitingSinceMs;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
