/** What must be undone, last first, whether a start fails half way or the server is disposed of. */
export class UndoList implements AsyncDisposable {
  #steps: (() => Promise<unknown>)[] = [];

  defer(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  /** Every step is tried, once; the first failure is thrown when all are through. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (let step = this.#steps.pop(); step; step = this.#steps.pop()) {
      await step().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** Runs `start`; if it throws, undoes what it had deferred so far. */
export async function undoOnFailure<T>(start: (undo: UndoList) => Promise<T>): Promise<T> {
  const undo = new UndoList();
  try {
    return await start(undo);
  } catch (error) {
    // The reason why the start failed matters more than one for which the undoing did.
    await undo[Symbol.asyncDispose]().catch(() => {});
    throw error;
  }
}
