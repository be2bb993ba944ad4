import { RunfleetError } from '@runfleet/protocol';

/** A body must arrive at this rate, after a grace for slow starts. */
const BYTES_PER_MS_MIN = 16;
const GRACE_MS = 5_000;
const CHECK_MS = 500;

/** Ends the wait for a body that arrives too slowly, so that its connection and memory are released. */
export class BodyPace implements Disposable {
  readonly #startedMs = performance.now();
  readonly #timer: NodeJS.Timeout;
  readonly #late: Promise<never>;
  #arrivedBytes = 0;

  constructor() {
    const { promise, reject } = promiseWithReject();
    this.#late = promise;
    // The body may be complete before it is late.
    this.#late.catch(() => {});
    this.#timer = setInterval(() => {
      const graceEndedMs = performance.now() - this.#startedMs - GRACE_MS;
      if (this.#arrivedBytes >= graceEndedMs * BYTES_PER_MS_MIN) return;
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
  inTime<T>(part: Promise<T>): Promise<T> {
    return Promise.race([part, this.#late]);
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
