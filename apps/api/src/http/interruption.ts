/**
 * Ends waits early. `Promise.race` against one promise of a failure would keep the result of every wait,
 * such as a chunk of a body, until that promise settles.
 */
export class Interruption {
  #failure: { error: unknown } | null = null;
  #reject: ((error: unknown) => void) | null = null;

  /** Makes the wait in progress, and every later one, reject with this error. Only the first one counts. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#reject?.(this.#failure.error);
  }

  /** Settles as `part` does, or rejects once this has failed. One wait at a time. */
  async wait<T>(part: Promise<T>): Promise<T> {
    try {
      return await new Promise<T>((resolve, reject) => {
        this.#reject = reject;
        part.then(resolve, reject);
        if (this.#failure !== null) reject(this.#failure.error);
      });
    } finally {
      this.#reject = null;
    }
  }
}
