/** Steps to undo, last first, when a start fails or the server is disposed. */
export class UndoList implements AsyncDisposable {
  #steps: (() => Promise<unknown>)[] = [];

  defer(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Runs every step once; throws the first failure after all have run. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Runs `start`; if it throws, runs the steps that it has deferred so far. */
export async function undoOnFailure<T>(start: (undo: UndoList) => Promise<T>): Promise<T> {
  const undo = new UndoList();
  try {
    return await start(undo);
  } catch (error) {
    // The error of the start matters more than one of the clean-up.
    await undo[Symbol.asyncDispose]().catch(() => {});
    throw error;
  }
}
