import { RunfleetError } from '@runfleet/protocol';

/** Two of libuv's four threads, so that files and names are still read beside it. */
const AT_ONCE = 2;
/** With some 100 ms for each, the last of them waits for under a second. */
const IN_HAND_MAX = 16;
const RETRY_AFTER_SECONDS = 2;

/** Bounds how many password hashes are worked out, each of which costs 32 MB and much of a core. */
export class HashQueue {
  readonly #waiting: (() => void)[] = [];
  #running = 0;
  #inHand = 0;

  /** Does a whole call that will hash. Throws `unavailable` where too many are in hand. */
  async admit<T>(call: () => Promise<T>): Promise<T> {
    if (this.#inHand >= IN_HAND_MAX) {
      throw new RunfleetError('unavailable', 'Too many people sign in right now. Try again.', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    this.#inHand++;
    try {
      return await call();
    } finally {
      this.#inHand--;
    }
  }

  /** Does one hash when its turn comes. */
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
