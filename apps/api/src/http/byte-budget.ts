/** The largest part of the budget that one holder may have. */
const SHARE = 1 / 4;

/** What one request holds. Disposing it gives everything back. */
export type Held = Disposable & {
  /** `share` where the holder has too much already, `total` where all have together; else null. */
  take(bytes: number): 'share' | 'total' | null;
};

/** Counts bytes that requests hold in memory, so that what would be too much is refused unread. */
export class ByteBudget {
  readonly #totalBytes: number;
  readonly #byHolder = new Map<string, number>();
  #heldBytes = 0;

  constructor(totalBytes: number) {
    this.#totalBytes = totalBytes;
  }

  /** Holds nothing yet. Whoever is alone may take any number of bytes. */
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
