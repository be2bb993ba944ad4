/**
 * One operating system process. Its code runs only when something that it awaits is answered. A
 * crash drops all further answers; a pause keeps them until the process resumes.
 */
import type { VirtualTime } from './virtual-time.ts';

export class SimProcess {
  readonly name: string;
  readonly #time: VirtualTime;
  readonly #onError: (error: unknown) => void;
  /** Counts its starts and ends; a delivery to an earlier life is dropped. */
  life = 0;
  isUp = false;
  isPaused = false;
  /** The error of its wall clock. No decision may depend on it. */
  clockOffsetMs = 0;
  /** Called when it crashes. */
  onCrash: () => void = () => {};
  #kept: (() => void)[] = [];

  constructor(name: string, time: VirtualTime, onError: (error: unknown) => void) {
    this.name = name;
    this.#time = time;
    this.#onError = onError;
  }

  start(): void {
    this.#begin(true);
  }

  crash(): void {
    this.#begin(false);
    this.onCrash();
  }

  /** Ends it gracefully. */
  exit(): void {
    this.#begin(false);
  }

  #begin(isUp: boolean): void {
    this.life += 1;
    this.isUp = isUp;
    this.isPaused = false;
    this.#kept = [];
  }

  pause(): void {
    this.isPaused = this.isUp;
  }

  resume(): void {
    this.isPaused = false;
    const kept = this.#kept;
    this.#kept = [];
    for (const arrive of kept) arrive();
  }

  /** Delivers something to the process if it is still in the given life. */
  deliver(life: number, arrive: () => void): void {
    if (life !== this.life) return;
    if (this.isPaused) this.#kept.push(arrive);
    else arrive();
  }

  /** Calls `run` in the process after `ms`, unless this life has ended. */
  after(ms: number, run: () => void): void {
    const { life } = this;
    this.#time.after(ms, () => this.deliver(life, run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Runs work that no caller awaits. Its failure is reported as a broken law. */
  spawn(work: Promise<unknown>): void {
    work.catch(this.#onError);
  }

  /** Calls `run` every `ms`, and skips a call while the one before still runs. */
  every(ms: number, run: () => Promise<void>): void {
    let isRunning = false;
    const turn = () => {
      this.after(ms, turn);
      if (isRunning) return;
      isRunning = true;
      this.spawn(
        run().finally(() => {
          isRunning = false;
        }),
      );
    };
    this.after(ms, turn);
  }

  /** Milliseconds by its own wall clock. */
  wallClock(): number {
    return this.#time.now / 1_000 + this.clockOffsetMs;
  }
}
