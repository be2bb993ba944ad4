import { EngineError } from './engine-error.ts';

type Waiting = (slot: number) => void;

/**
 * Hands out slot numbers, first come first served. A new run may arrive just before the step that
 * frees its predecessor's slot, so a short wait is normal; a long queue is a caller's mistake.
 */
export class Slots {
  readonly count: number;
  readonly #waitingMax: number;
  readonly #free: number[];
  readonly #waiting = new Set<Waiting>();

  constructor(count: number) {
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new EngineError('infra', `slots must be a whole number of 1 or more, not ${count}.`);
    }
    this.count = count;
    this.#waitingMax = 4 * count;
    this.#free = Array.from({ length: count }, (_, index) => count - 1 - index);
  }

  get freeCount(): number {
    return this.#free.length;
  }

  /**
   * Rejects with `signal.reason` on abort, and with `EngineError('infra')` if the queue is full.
   */
  async take(signal: AbortSignal): Promise<number> {
    signal.throwIfAborted();
    const slot = this.#free.pop();
    if (slot !== undefined) return slot;

    if (this.#waiting.size >= this.#waitingMax) {
      throw new EngineError(
        'infra',
        `All ${this.count} slots are busy and ${this.#waiting.size} runs wait; send this one elsewhere.`,
      );
    }
    return await new Promise<number>((resolve, reject) => {
      const leave = () => {
        this.#waiting.delete(enter);
        reject(signal.reason);
      };
      const enter: Waiting = (given) => {
        signal.removeEventListener('abort', leave);
        resolve(given);
      };
      this.#waiting.add(enter);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  give(slot: number): void {
    const [next] = this.#waiting;
    if (!next) {
      this.#free.push(slot);
      return;
    }
    this.#waiting.delete(next);
    next(slot);
  }
}
