/** The largest share of the budget that one holder may take. */
const SHARE = 1 / 4;

/** The bytes that one request holds. Disposing releases them. */
export type Held = Disposable & {
  /** Null, or what is exhausted: the holder's `share` or the `total` of all. */
  take(bytes: number): 'share' | 'total' | null;
};

/** Counts the bytes that requests hold in memory, so that excess requests are refused unread. */
export class ByteBudget {
  readonly #totalBytes: number;
  readonly #byHolder = new Map<string, number>();
  #heldBytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** Starts with no bytes. A request that is alone may take any number of bytes. */
  open(holder: string): Held {
    let ownBytes = 0;
    return {
      take: (bytes) => {
        const before = this.#byHolder.get(holder) ?? 0;
        if (before > ownBytes && before + bytes > this.#totalBytes * SHARE) return 'share';
        if (this.#heldBytes > ownBytes && this.#heldBytes + bytes > this.#totalBytes) {
          return 'total';
        }
        ownBytes += bytes;
        this.#add(holder, bytes);
        return null;
      },
      [Symbol.dispose]: () => {
        this.#add(holder, -ownBytes);
        ownBytes = 0;
      },
    };
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  #add(holder: string, bytes: number): void {
    this.#heldBytes += bytes;
    const held = (this.#byHolder.get(holder) ?? 0) + bytes;
    if (held === 0) this.#byHolder.delete(holder);
    else this.#byHolder.set(holder, held);
  }
}
