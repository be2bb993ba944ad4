import { RunfleetError } from '@runfleet/protocol';

/** They hold their bodies, which `API_BUFFER_BYTES` bounds. */
const WAITING_MAX = 1_000;
const WAITING_MAX_PER_TENANT = 100;
const RETRY_AFTER_SECONDS = 1;

/** Items that wait. Tenants take turns, so those of one delay another's by one item at most. */
export class TenantTurns<Item> {
  /** The tenants that wait, the next one first. */
  readonly #byTenant = new Map<string, Item[]>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Throws `rate_limited` or `unavailable` if too many wait. */
  add(tenant: string, item: Item): void {
    const own = this.#byTenant.get(tenant) ?? [];
    if (own.length >= WAITING_MAX_PER_TENANT) {
      throw refusal('rate_limited', 'Too many of your grammars wait to be read.');
    }
    if (this.#size >= WAITING_MAX) {
      throw refusal('unavailable', 'Too many grammars wait to be read.');
    }
    own.push(item);
    this.#byTenant.set(tenant, own);
    this.#size += 1;
  }

  take(): Item | undefined {
    const [next] = this.#byTenant;
    if (!next) return undefined;
    const [tenant, items] = next;
    const item = items.shift();
    this.#size -= 1;
    this.#byTenant.delete(tenant);
    if (items.length > 0) this.#byTenant.set(tenant, items);
    return item;
  }
}

function refusal(kind: 'rate_limited' | 'unavailable', problem: string): RunfleetError {
  return new RunfleetError(kind, `${problem} Try again shortly.`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
