import { RunfleetError } from '@runfleet/protocol';

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
  readonly #late: Promise<never>;
  #arrivedBytes = 0;

  constructor() {
    const { promise, reject } = promiseWithReject();
    this.#late = promise;
    // The body may be complete before it is late.
    this.#late.catch(() => {});
    this.#timer = setInterval(() => {
      const waitedMs = this.#waitedMs + this.#waitMs() - GRACE_MS;
      if (this.#arrivedBytes >= waitedMs * BYTES_PER_MS_MIN) return;
      reject(
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
      return await Promise.race([part, this.#late]);
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

function promiseWithReject(): { promise: Promise<never>; reject: (error: Error) => void } {
  let reject: (error: Error) => void = () => {};
  const promise = new Promise<never>((_, refuse) => {
    reject = refuse;
  });
  return { promise, reject };
}
