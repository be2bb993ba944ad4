import { RunfleetError } from '@runfleet/protocol';

/** Two of libuv's four threads, so that file access and DNS lookups continue. */
const AT_ONCE = 2;
/** At about 100 ms each, the last one waits for less than a second. */
const IN_HAND_MAX = 16;
const RETRY_AFTER_SECONDS = 2;

/** Bounds concurrent password hashes; each one takes 32 MB and most of a core. */
export class HashQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #inHand = 0;

  /** Runs a call that will hash. Throws `unavailable` if too many are running. */
  async admit<T>(call: () => Promise<T>): Promise<T> {
    if (this.#inHand >= IN_HAND_MAX) {
      throw new RunfleetError(
        'unavailable',
        'Too many users are signing in right now. Try again.',
        {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        },
      );
    }
    this.#inHand++;
    try {
      return await call();
    } finally {
      this.#inHand--;
    }
  }

  /** Runs one hash when it is its turn. */
  async run<T>(hash: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    } else this.#running++;
    try {
      return await hash();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
