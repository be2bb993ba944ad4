import type { Catalogue } from '@runfleet/catalog';
import type { Db } from '@runfleet/db';
import type { Logger } from '@runfleet/service';

import { type CatalogueSnapshot, readCatalogue } from './read-catalogue.ts';

const REFRESH_EVERY_MS = 2_000;

type Options = { db: Db; logger: Logger; refreshEveryMs?: number };

/** The current catalogue, at most one refresh old. While Postgres is away it stays as it was. */
export class CatalogueCache implements AsyncDisposable {
  readonly #options: Options;
  readonly #listeners = new Set<(catalogue: Catalogue) => void>();
  #snapshot: CatalogueSnapshot;
  #timer: NodeJS.Timeout | null = null;
  #refreshing: Promise<void> | null = null;
  #isFailing = false;
  #isClosed = false;

  private constructor(options: Options, snapshot: CatalogueSnapshot) {
    this.#options = options;
    this.#snapshot = snapshot;
    this.#reportUnreadable();
    this.#schedule();
  }

  static async open(options: Options): Promise<CatalogueCache> {
    return new CatalogueCache(options, await readCatalogue(options));
  }

  get current(): Catalogue {
    return this.#snapshot.catalogue;
  }

  /** Calls the listener with each later catalogue. */
  onChange(listener: (catalogue: Catalogue) => void): void {
    this.#listeners.add(listener);
  }

  /** Reads what changed. Concurrent callers share one read. Does not throw. */
  refresh(): Promise<void> {
    this.#refreshing ??= this.#read().finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (this.#timer) clearTimeout(this.#timer);
    await this.#refreshing;
  }

  async #read(): Promise<void> {
    try {
      const snapshot = await readCatalogue(this.#options, this.#snapshot);
      this.#isFailing = false;
      if (snapshot === this.#snapshot) return;
      this.#snapshot = snapshot;
      this.#options.logger.info({ models: this.current.offered.length }, 'catalogue changed');
      this.#reportUnreadable();
      for (const listener of this.#listeners) listener(this.current);
    } catch (err) {
      if (!this.#isFailing)
        this.#options.logger.warn({ err }, 'the catalogue cannot be read; retrying');
      this.#isFailing = true;
    }
  }

  #schedule(): void {
    if (this.#isClosed) return;
    this.#timer = setTimeout(() => {
      void this.refresh().then(() => this.#schedule());
    }, this.#options.refreshEveryMs ?? REFRESH_EVERY_MS).unref();
  }

  #reportUnreadable(): void {
    for (const model of this.#snapshot.unreadable) {
      this.#options.logger.error({ model }, 'a published model cannot be read by this version');
    }
  }
}
