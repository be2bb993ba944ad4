/** Detects a client that reads nothing of what is buffered for it. */
export class StallDetector {
  readonly #bufferedBytesMin: number;
  readonly #stallMs: number;
  #bytesBefore = 0;
  #sinceMs: number | null = null;

  /** A client with less than `outputBytesMax` buffered is never stalled. */
  constructor(limits: { outputBytesMax: number; stallMs: number }) {
    this.#bufferedBytesMin = limits.outputBytesMax;
    this.#stallMs = limits.stallMs;
  }

  isStalled(bufferedBytes: number, nowMs: number): boolean {
    const hasRead = bufferedBytes < this.#bytesBefore;
    this.#bytesBefore = bufferedBytes;
    if (bufferedBytes < this.#bufferedBytesMin || hasRead) {
      this.#sinceMs = null;
      return false;
    }
    this.#sinceMs ??= nowMs;
    return nowMs - this.#sinceMs >= this.#stallMs;
  }
}
