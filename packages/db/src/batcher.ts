type Request<T, R> = {
  item: T;
  resolve: (result: R) => void;
  reject: (reason: unknown) => void;
};

export type BatcherOptions = {
  /** More would make one batch slow for every caller in it. */
  itemsMax: number;
  batchesInFlightMax: number;
  /** Whether to send each item of a failed batch alone. By default never. */
  isSentAlone?: (error: unknown) => boolean;
};

/**
 * Shares round trips. A batch starts at the end of the turn of the event loop in which its first
 * item came; items that come while `batchesInFlightMax` batches are in flight share the next one.
 * So an idle system answers at once, and a busy one pays for one round trip instead of many.
 */
export class Batcher<T, R> {
  /** Resolves to one result per item, in the order of the items. */
  readonly #send: (items: readonly T[]) => Promise<readonly R[]>;
  readonly #options: BatcherOptions;
  readonly #waiting: Request<T, R>[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #turn: Promise<void> | null = null;

  constructor(send: (items: readonly T[]) => Promise<readonly R[]>, options: BatcherOptions) {
    this.#send = send;
    this.#options = options;
  }

  /** Items that are not in a batch yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves to the result for `item`. Items of one caller keep their order. */
  add(item: T): Promise<R> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#turn ??= endOfTurn().then(() => {
        this.#turn = null;
        this.#start();
      });
    });
  }

  /** Resolves when every item that was added has its result. */
  async drain(): Promise<void> {
    while (this.#turn || this.#inFlight.size > 0) {
      await Promise.all([this.#turn, ...this.#inFlight]);
    }
  }

  #start(): void {
    const { itemsMax, batchesInFlightMax } = this.#options;
    while (this.#waiting.length > 0 && this.#inFlight.size < batchesInFlightMax) {
      const batch = this.#run(this.#waiting.splice(0, itemsMax)).finally(() => {
        this.#inFlight.delete(batch);
        this.#start();
      });
      this.#inFlight.add(batch);
    }
  }

  async #run(requests: readonly Request<T, R>[]): Promise<void> {
    try {
      const results = await this.#send(requests.map(({ item }) => item));
      // `send` promises a result for each item.
      requests.forEach(({ resolve }, index) => resolve(results[index] as R));
    } catch (error) {
      if (requests.length > 1 && this.#options.isSentAlone?.(error)) {
        for (const request of requests) await this.#run([request]);
      } else {
        for (const { reject } of requests) reject(error);
      }
    }
  }
}

function endOfTurn(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
