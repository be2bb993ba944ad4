/** Wakes a waiting loop, also if it is raised before the wait begins. */
export class Signal {
  #isRaised = false;
  #wake: (() => void) | null = null;

  raise(): void {
    this.#isRaised = true;
    this.#wake?.();
  }

  /** Resolves once raised, or after `timeoutMs`. */
  async wait(timeoutMs: number): Promise<void> {
    if (!this.#isRaised) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, timeoutMs);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = null;
    }
    this.#isRaised = false;
  }
}
