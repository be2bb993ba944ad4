import { isOutcomeUnknown } from '@runfleet/db';

/** More would make one commit slow for everybody in it. */
const BATCH_MAX = 128;

/**
 * Shares commits. What arrives while nothing is in flight is committed at once; what arrives
 * during a commit shares the next one. So an idle system answers as fast as it can, and
 * a busy one pays for one commit where it would pay for many.
 */
export class GroupCommit<T, R> {
  readonly #commit: (items: readonly T[]) => Promise<readonly R[]>;
  readonly #waiting: { item: T; resolve: (result: R) => void; reject: (error: unknown) => void }[] =
    [];
  #running: Promise<void> | null = null;

  constructor(commit: (items: readonly T[]) => Promise<readonly R[]>) {
    this.#commit = commit;
  }

  /** Items that are not in a commit yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves once `item` is committed. Items of one caller keep their order. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when everything that was added is committed. */
  async drain(): Promise<void> {
    while (this.#running) await this.#running;
  }

  async #run(): Promise<void> {
    // What is added in one go belongs together: an accept and its start, all tasks of a round.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH_MAX);
      try {
        const results = await this.#commit(batch.map(({ item }) => item));
        batch.forEach(({ resolve }, index) => resolve(results[index] as R));
      } catch (error) {
        await this.#isolate(batch, error);
      }
    }
    this.#running = null;
  }

  /**
   * One bad item must not fail its neighbours: after a refused commit each is tried alone. A commit
   * that may have happened is not repeated here: whoever asked knows whether that is harmless.
   */
  async #isolate(
    batch: readonly { item: T; resolve: (result: R) => void; reject: (error: unknown) => void }[],
    error: unknown,
  ): Promise<void> {
    if (batch.length === 1 || isOutcomeUnknown(error)) {
      for (const { reject } of batch) reject(error);
      return;
    }
    for (const { item, resolve, reject } of batch) {
      try {
        const [result] = await this.#commit([item]);
        resolve(result as R);
      } catch (alone) {
        reject(alone);
      }
    }
  }
}
