/**
 * The worker that last served each session, so that the session's next task finds its prefix in
 * that worker's cache. A forgotten session costs the prefill of one prompt. A tenant with too many
 * sessions evicts its own first.
 */
export class SessionMemory {
  readonly #sessionsMax: number;
  readonly #perTenantMax: number;
  readonly #workers = new Map<string, { tenant: string; workerId: string }>();
  readonly #ofTenant = new Map<string, Set<string>>();

  constructor(options: { sessionsMax: number; perTenantMax: number }) {
    this.#sessionsMax = options.sessionsMax;
    this.#perTenantMax = options.perTenantMax;
  }

  workerOf(session: string): string | null {
    return this.#workers.get(session)?.workerId ?? null;
  }

  /** Evicts the session that was served longest ago. */
  remember(session: string, tenant: string, workerId: string): void {
    this.#forget(session);
    const own = this.#ofTenant.get(tenant) ?? new Set();
    this.#ofTenant.set(tenant, own.add(session));
    this.#workers.set(session, { tenant, workerId });
    if (own.size > this.#perTenantMax) this.#forgetFirst(own);
    if (this.#workers.size > this.#sessionsMax) this.#forgetFirst(this.#workers.keys());
  }

  #forgetFirst(sessions: Iterable<string>): void {
    for (const session of sessions) return this.#forget(session);
  }

  #forget(session: string): void {
    const known = this.#workers.get(session);
    if (!known) return;
    this.#workers.delete(session);
    const own = this.#ofTenant.get(known.tenant);
    own?.delete(session);
    if (own?.size === 0) this.#ofTenant.delete(known.tenant);
  }
}
