import type { SimProcess } from './sim-process.ts';

/** Wakes a waiting loop, also if it is raised before the wait begins. */
export class WakeSignal {
  readonly #process: SimProcess;
  #isRaised = false;
  #wake: (() => void) | null = null;

  constructor(process: SimProcess) {
    this.#process = process;
  }

  raise(): void {
    this.#isRaised = true;
    this.#wake?.();
  }

  async wait(timeoutMs: number): Promise<void> {
    if (!this.#isRaised) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        this.#process.after(timeoutMs, resolve);
      });
      this.#wake = null;
    }
    this.#isRaised = false;
  }
}
