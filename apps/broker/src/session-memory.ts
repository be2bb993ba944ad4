/**
 * Which worker last served each session, so that its next task finds its prefix in that worker's
 * cache. What is forgotten costs one prompt's prefill.
 */
export class SessionMemory {
  readonly #sessionsMax: number;
  readonly #workers = new Map<string, string>();

  constructor(options: { sessionsMax: number }) {
    this.#sessionsMax = options.sessionsMax;
  }

  workerOf(session: string): string | null {
    return this.#workers.get(session) ?? null;
  }

  /** The session that was served longest ago is forgotten first. */
  remember(session: string, workerId: string): void {
    this.#workers.delete(session);
    this.#workers.set(session, workerId);
    if (this.#workers.size <= this.#sessionsMax) return;
    const [oldest] = this.#workers.keys();
    if (oldest !== undefined) this.#workers.delete(oldest);
  }
}
