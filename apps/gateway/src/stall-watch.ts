/** Notices a client that takes nothing of what waits for it. */
export class StallWatch {
  readonly #heldBytes: number;
  readonly #stallMs: number;
  #bytesBefore = 0;
  #sinceMs: number | null = null;

  /** A client that holds less than `heldBytes` is never stalled. */
  constructor(limits: { outputBytesMax: number; stallMs: number }) {
    this.#heldBytes = limits.outputBytesMax;
    this.#stallMs = limits.stallMs;
  }

  isStalled(bufferedBytes: number, nowMs: number): boolean {
    const takesSome = bufferedBytes < this.#bytesBefore;
    this.#bytesBefore = bufferedBytes;
    if (bufferedBytes < this.#heldBytes || takesSome) {
      this.#sinceMs = null;
      return false;
    }
    this.#sinceMs ??= nowMs;
    return nowMs - this.#sinceMs >= this.#stallMs;
  }
}
