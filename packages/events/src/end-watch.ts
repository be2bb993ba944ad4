import type { Cursor, TaskHub } from './task-hub.ts';

/** Before no event: a watch shows none, so that the hub keeps none for it. */
const BEYOND_EVERY_EVENT = 2 ** 31 - 1;

/**
 * Waits for the end of one task and reads none of its events. An object with methods instead of a
 * generator, because a process holds thousands of them.
 */
export class EndWatch implements Cursor, Disposable {
  readonly seq = BEYOND_EVERY_EVENT;
  readonly #hub: TaskHub;
  readonly #leave: (hub: TaskHub, watch: Cursor) => void;
  #onOver: ((failure: unknown) => void) | null;

  /** `onOver` is called once at most, with null when the task has ended. */
  constructor(
    hub: TaskHub,
    leave: (hub: TaskHub, watch: Cursor) => void,
    onOver: (failure: unknown) => void,
  ) {
    this.#hub = hub;
    this.#leave = leave;
    this.#onOver = onOver;
  }

  isDone(): boolean {
    return this.#onOver === null;
  }

  wake(): void {
    if (this.#hub.isOverAt(this.seq)) this.end(null);
  }

  end(failure: unknown): void {
    const onOver = this.#onOver;
    if (onOver === null) return;
    this[Symbol.dispose]();
    onOver(failure);
  }

  [Symbol.dispose](): void {
    if (this.#onOver === null) return;
    this.#onOver = null;
    this.#leave(this.#hub, this);
  }
}
