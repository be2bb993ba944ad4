import { OutboundError } from './outbound-error.ts';
import type { OutboundLimits } from './outbound-request.ts';

/** The time limits of one call. `signal` aborts with an `OutboundError` once one of them has passed. */
export class TimeLimits implements Disposable {
  readonly #stop = new AbortController();
  readonly #limits: OutboundLimits;
  readonly #outer: AbortSignal | undefined;
  readonly #total: NodeJS.Timeout;
  #part: NodeJS.Timeout | undefined;

  constructor(limits: OutboundLimits, outer: AbortSignal | undefined) {
    this.#limits = limits;
    this.#outer = outer;
    outer?.addEventListener('abort', this.#onOuter);
    if (outer?.aborted) this.#onOuter();
    this.#total = this.#limit('The call', limits.totalMs);
  }

  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  connecting(): void {
    this.#startPart('The connection', this.#limits.connectMs);
  }

  connected(): void {
    this.#startPart('The first byte of the answer', this.#limits.headMs);
  }

  answered(): void {
    clearTimeout(this.#part);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#total);
    clearTimeout(this.#part);
    this.#outer?.removeEventListener('abort', this.#onOuter);
  }

  #startPart(what: string, ms: number): void {
    clearTimeout(this.#part);
    this.#part = this.#limit(what, ms);
  }

  #limit(what: string, ms: number): NodeJS.Timeout {
    const message = `${what} took longer than ${ms / 1_000} s.`;
    return setTimeout(() => this.#stop.abort(new OutboundError('timeout', message)), ms);
  }

  readonly #onOuter = (): void => this.#stop.abort(this.#outer?.reason);
}
