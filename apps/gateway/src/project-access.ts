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

/** Short enough that a revoked key stops working within 5 s. */
const CACHE_MS = 4_000;
const CHECK_INTERVAL_MS = 2_000;

/** Authorises streams by a project's key, and ends them when the key is revoked. */
export class ProjectAccess implements Disposable {
  readonly #db: Db;
  readonly #masterKeySource: { hex: string | undefined; file: string };
  readonly #logger: Logger;
  readonly #cache = new ProjectCache({ ttlMs: CACHE_MS });
  readonly #streams = new Map<string, Set<Connection>>();
  readonly #timer: NodeJS.Timeout;
  #masterKey: MasterKey | null = null;
  #isChecking = false;

  constructor(options: {
    db: Db;
    masterKey: { hex: string | undefined; file: string };
    logger: Logger;
  }) {
    this.#db = options.db;
    this.#masterKeySource = options.masterKey;
    this.#logger = options.logger;
    this.#timer = setInterval(() => void this.#endRevoked(), CHECK_INTERVAL_MS);
  }

  /** The task if it belongs to the organisation of the request's project, else null. Throws `unauthorized`. */
  async findTask(
    request: { headers: HeaderReader; ip: string },
    id: string,
  ): Promise<FollowedTask | null> {
    // The API may create the key file after this process has started.
    this.#masterKey ??= await readMasterKey(this.#masterKeySource);
    const ctx = { db: this.#db, masterKey: this.#masterKey, cache: this.#cache };
    const { organisationId } = await authenticateProject(ctx, request);
    const token = await readTaskToken(ctx, { organisationId, id });
    return token === null ? null : { id, token };
  }

  /** Ends the stream once the key in `headers` is revoked. Returns a function that stops this. */
  endWhenRevoked(stream: Connection, headers: HeaderReader): () => void {
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

  async #endRevoked(): Promise<void> {
    if (this.#isChecking || this.#streams.size === 0) return;
    this.#isChecking = true;
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
      this.#logger.warn({ err }, 'cannot check the keys of open streams');
    } finally {
      this.#isChecking = false;
    }
  }
}
