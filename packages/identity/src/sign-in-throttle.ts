import { addressGroup, RateLimiter } from '@runfleet/service';

import { Backoff } from './backoff.ts';

export type SignInAttempt = { account: string; ip: string };

/** Guesses from one address at any account: 20 at once, then one every 3 s. */
const PER_ADDRESS = { perSecond: 1 / 3, burst: 20 };
/**
 * Guesses at one account from addresses that never signed in to it: 50 at once, then one per
 * minute.
 */
const PER_ACCOUNT = { perSecond: 1 / 60, burst: 50 };
const KNOWN_MAX = 10_000;

/**
 * Slows down password guessing, per process. The wait of one address at one account doubles after
 * each failure. All addresses at one account share a limit, except addresses that have signed in
 * to it, so that guessing does not lock the owner out.
 */
export class SignInThrottle {
  readonly #pairs: Backoff;
  readonly #addresses: RateLimiter;
  readonly #accounts: RateLimiter;
  readonly #known = new Set<string>();

  constructor(nowMs = () => performance.now()) {
    this.#pairs = new Backoff(nowMs);
    this.#addresses = new RateLimiter({ ...PER_ADDRESS, nowMs });
    this.#accounts = new RateLimiter({ ...PER_ACCOUNT, nowMs });
  }

  /**
   * Returns 0 and counts the attempt as a failure until `succeed` or `withdraw`, or returns the
   * milliseconds to wait. Counting first applies the limits to concurrent attempts too.
   */
  begin(attempt: SignInAttempt): number {
    const { account, address, pair } = keysOf(attempt);
    const pairWaitMs = this.#pairs.waitMs(pair);
    if (pairWaitMs > 0) return pairWaitMs;
    const addressWaitMs = this.#addresses.take(address);
    if (addressWaitMs > 0) return addressWaitMs;
    const accountWaitMs = this.#known.has(pair) ? 0 : this.#accounts.take(account);
    if (accountWaitMs > 0) {
      this.#addresses.giveBack(address);
      return accountWaitMs;
    }
    this.#pairs.fail(pair);
    return 0;
  }

  /** No password was compared, so the attempt does not count. */
  withdraw(attempt: SignInAttempt): void {
    const { account, address, pair } = keysOf(attempt);
    this.#pairs.withdraw(pair);
    this.#addresses.giveBack(address);
    if (!this.#known.has(pair)) this.#accounts.giveBack(account);
  }

  /** The password was right. */
  succeed(attempt: SignInAttempt): void {
    const { pair } = keysOf(attempt);
    this.withdraw(attempt);
    this.#pairs.forget(pair);
    this.#known.delete(pair);
    this.#known.add(pair);
    if (this.#known.size <= KNOWN_MAX) return;
    const [oldest] = this.#known;
    if (oldest !== undefined) this.#known.delete(oldest);
  }
}

function keysOf({ account, ip }: SignInAttempt) {
  const address = addressGroup(ip);
  return { account, address, pair: `${address} ${account}` };
}
