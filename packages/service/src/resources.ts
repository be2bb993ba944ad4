/** Resources to close in reverse order, for functions that open several and return one. */
export class Resources implements AsyncDisposable {
  readonly #opened: AsyncDisposable[] = [];

  /** Adds `resource` and returns it. */
  use<R extends AsyncDisposable>(resource: R): R {
    this.#opened.push(resource);
    return resource;
  }

  defer(dispose: () => Promise<void>): void {
    this.#opened.push({ [Symbol.asyncDispose]: dispose });
  }

  /** Closes all resources, newest first, even if closing one fails. */
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

  /** Runs `open`; if it throws, closes what it had opened. */
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
