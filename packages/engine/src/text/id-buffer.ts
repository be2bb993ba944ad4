/**
 * A growing list of ids. A plain array of a million ids needs twice the memory while it grows, and
 * copying it blocks the process.
 */
export class IdBuffer {
  #ids = new Int32Array(64);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(id: number): void {
    if (this.#length === this.#ids.length) {
      const larger = new Int32Array(2 * this.#length);
      larger.set(this.#ids);
      this.#ids = larger;
    }
    this.#ids[this.#length] = id;
    this.#length += 1;
  }

  clear(): void {
    this.#length = 0;
  }

  /** The ids from `start` on, as a view that changes with the buffer. */
  from(start: number): Int32Array {
    return this.#ids.subarray(start, this.#length);
  }
}
