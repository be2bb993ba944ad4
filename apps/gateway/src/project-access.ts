import type { Db } from '@runfleet/db';
import {
  authenticateProject,
  type HeaderReader,
  hashKey,
  type MasterKey,
  ProjectCache,
  readCredentials,
  readLiveKeys,
  readMasterKey,
} from '@runfleet/identity';
import type { Logger } from '@runfleet/service';
import { readTaskToken } from '@runfleet/tasks';

import type { Connection } from './connection.ts';
import type { FollowedTask } from './render-frame.ts';

/** With `LOOK_EVERY_MS` and the read itself, a revoked key is felt within 5 s. */
const CACHE_MS = 4_000;
const LOOK_EVERY_MS = 2_000;

/** What a project may see by its key, and the streams that were opened so: they end with the key. */
export class ProjectAccess implements Disposable {
  readonly #db: Db;
  readonly #masterKeyFrom: { hex: string | undefined; file: string };
  readonly #logger: Logger;
  readonly #cache = new ProjectCache({ ttlMs: CACHE_MS });
  readonly #streams = new Map<string, Set<Connection>>();
  readonly #timer: NodeJS.Timeout;
  #masterKey: MasterKey | null = null;
  #isLooking = false;

  constructor(options: {
    db: Db;
    masterKey: { hex: string | undefined; file: string };
    logger: Logger;
  }) {
    this.#db = options.db;
    this.#masterKeyFrom = options.masterKey;
    this.#logger = options.logger;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  /** The task, where the request's project may see it; null where there is none for it. Throws `unauthorized`. */
  async findTask(
    request: { headers: HeaderReader; ip: string },
    id: string,
  ): Promise<FollowedTask | null> {
    // An API that starts beside this process may make the key later than this one looks.
    this.#masterKey ??= await readMasterKey(this.#masterKeyFrom);
    const ctx = { db: this.#db, masterKey: this.#masterKey, cache: this.#cache };
    const { organisationId } = await authenticateProject(ctx, request);
    const token = await readTaskToken(ctx, { organisationId, id });
    return token === null ? null : { id, token };
  }

  /** Ends the stream as soon as the key that it was opened with is revoked. Returns what lets go of it. */
  watch(stream: Connection, headers: HeaderReader): () => void {
    const key = hashKey(readCredentials(headers)?.apiKey ?? '').toString('hex');
    const streams = this.#streams.get(key) ?? new Set();
    this.#streams.set(key, streams.add(stream));
    return () => {
      streams.delete(stream);
      if (streams.size === 0 && this.#streams.get(key) === streams) this.#streams.delete(key);
    };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #look(): Promise<void> {
    if (this.#isLooking || this.#streams.size === 0) return;
    this.#isLooking = true;
    const asked = [...this.#streams];
    try {
      const live = await readLiveKeys(
        { db: this.#db },
        asked.map(([key]) => key),
      );
      for (const [key, streams] of asked) {
        if (live.has(key)) continue;
        for (const stream of streams) stream.end('unauthorized');
      }
    } catch (err) {
      this.#logger.warn({ err }, 'whether keys of open streams were revoked cannot be read');
    } finally {
      this.#isLooking = false;
    }
  }
}
