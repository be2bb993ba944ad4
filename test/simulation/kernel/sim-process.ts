/**
 * One operating system process. Its code runs only when the world answers something that it waits
 * for, so a crash is that no answer reaches it any more, and a pause is that answers are kept.
 */
import type { VirtualTime } from './virtual-time.ts';

export class SimProcess {
  readonly name: string;
  readonly #time: VirtualTime;
  readonly #onError: (error: unknown) => void;
  /** Counts its lives: what was meant for a former one never arrives. */
  life = 0;
  isUp = false;
  isPaused = false;
  /** How far its clock on the wall is off. Nothing that is decided may depend on it. */
  clockOffsetMs = 0;
  /** Called when it dies by itself. */
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

  /** Ends it in good order. */
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

  /** Brings something to the process as it was at `life`. */
  deliver(life: number, arrive: () => void): void {
    if (life !== this.life) return;
    if (this.isPaused) this.#kept.push(arrive);
    else arrive();
  }

  /** Calls `run` in the process after a while, unless it has died. */
  after(ms: number, run: () => void): void {
    const { life } = this;
    this.#time.after(ms, () => this.deliver(life, run));
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Does something that nobody waits for. Its failure is a mistake that must be seen. */
  spawn(work: Promise<unknown>): void {
    work.catch(this.#onError);
  }

  /** Calls `run` again and again, never twice at once, as a guarded interval does. */
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

  /** Milliseconds by its own clock on the wall. */
  wallClock(): number {
    return this.#time.now / 1_000 + this.clockOffsetMs;
  }
}
