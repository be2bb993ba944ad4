/** What was opened, to be closed in reverse: for functions that open several things and return one. */
export class Resources implements AsyncDisposable {
  readonly #opened: AsyncDisposable[] = [];

  /** Remembers `resource` and gives it back. */
  use<R extends AsyncDisposable>(resource: R): R {
    this.#opened.push(resource);
    return resource;
  }

  defer(dispose: () => Promise<void>): void {
    this.#opened.push({ [Symbol.asyncDispose]: dispose });
  }

  /** Closes everything, newest first; a failure does not keep the rest open. */
  async [Symbol.asyncDispose](): Promise<void> {
    const failures: unknown[] = [];
    for (const resource of this.#opened.splice(0).reverse()) {
      try {
        await resource[Symbol.asyncDispose]();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }

  /** Runs `open`, and closes what it had opened by then should it throw. */
  static async opening<R>(open: (resources: Resources) => Promise<R>): Promise<R> {
    const resources = new Resources();
    try {
      return await open(resources);
    } catch (error) {
      await resources[Symbol.asyncDispose]();
      throw error;
    }
  }
}
