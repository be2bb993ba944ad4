import type { KeyedProject } from './keyed-project.ts';

type Entry = { found: Promise<KeyedProject | null>; expiresAtMs: number };

const ENTRIES_MAX = 10_000;
const TTL_MS = 5_000;

/**
 * Caches projects by their key's hash, so that a Run needs no query for it. Bounded in number, and
 * in time by `ttlMs`, after which this process refuses a revoked key too. Unknown keys are not
 * cached: they would evict known ones.
 */
export class ProjectCache {
  readonly #entries = new Map<string, Entry>();
  readonly #ttlMs: number;
  readonly #entriesMax: number;
  readonly #nowMs: () => number;

  constructor(options: { ttlMs?: number; entriesMax?: number; nowMs?: () => number } = {}) {
    this.#ttlMs = options.ttlMs ?? TTL_MS;
    this.#entriesMax = options.entriesMax ?? ENTRIES_MAX;
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** The project of that key; calls during a `load` share it. */
  read(
    keyHash: Buffer,
    load: (keyHash: Buffer) => Promise<KeyedProject | null>,
  ): Promise<KeyedProject | null> {
    const name = keyHash.toString('latin1');
    const entry = this.#entries.get(name);
    // The age counts from before the query, so a cached project is never older than `ttlMs`.
    const nowMs = this.#nowMs();
    if (entry !== undefined && entry.expiresAtMs > nowMs) return entry.found;
    return this.#load(name, keyHash, nowMs, load);
  }

  async #load(
    name: string,
    keyHash: Buffer,
    nowMs: number,
    load: (keyHash: Buffer) => Promise<KeyedProject | null>,
  ): Promise<KeyedProject | null> {
    const entry = { found: load(keyHash), expiresAtMs: nowMs + this.#ttlMs };
    this.#entries.delete(name);
    this.#entries.set(name, entry);
    if (this.#entries.size > this.#entriesMax) {
      const [oldest] = this.#entries.keys();
      if (oldest !== undefined) this.#entries.delete(oldest);
    }
    let project: KeyedProject | null = null;
    try {
      project = await entry.found;
    } finally {
      if (project === null && this.#entries.get(name) === entry) this.#entries.delete(name);
    }
    return project;
  }
}
