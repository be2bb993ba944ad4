import { RunfleetError } from '@runfleet/protocol';

/** They hold their bodies, which `API_BUFFER_BYTES` bounds. */
export const GRAMMAR_TURNS = { noun: 'grammars', waitingMax: 1_000, perTenant: 100 } as const;
/** Each may take seconds. */
export const FILE_TURNS = { noun: 'files', waitingMax: 100, perTenant: 10 } as const;

type TurnLimits = {
  readonly noun: string;
  readonly waitingMax: number;
  readonly perTenant: number;
};

const RETRY_AFTER_SECONDS = 1;

/** Items that wait. Tenants take turns, so those of one delay another's by one item at most. */
export class TenantTurns<Item> {
  /** The tenants that wait, the next one first. */
  readonly #byTenant = new Map<string, Item[]>();
  readonly #limits: TurnLimits;
  #size = 0;

  constructor(limits: TurnLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#size;
  }

  /** Throws `rate_limited` or `unavailable` if too many wait. */
  add(tenant: string, item: Item): void {
    const { noun, waitingMax, perTenant } = this.#limits;
    const own = this.#byTenant.get(tenant) ?? [];
    if (own.length >= perTenant) {
      throw refusal('rate_limited', `Too many of your ${noun} wait to be read.`);
    }
    if (this.#size >= waitingMax) {
      throw refusal('unavailable', `Too many ${noun} wait to be read.`);
    }
    own.push(item);
    this.#byTenant.set(tenant, own);
    this.#size += 1;
  }

  /** The next item, or that of the next tenant that may have one. */
  take(mayTake: (tenant: string) => boolean = () => true): Item | undefined {
    for (const [tenant, items] of this.#byTenant) {
      if (!mayTake(tenant)) continue;
      const item = items.shift();
      this.#size -= 1;
      this.#byTenant.delete(tenant);
      if (items.length > 0) this.#byTenant.set(tenant, items);
      return item;
    }
    return undefined;
  }
}

function refusal(kind: 'rate_limited' | 'unavailable', problem: string): RunfleetError {
  return new RunfleetError(kind, `${problem} Try again shortly.`, {
    retryAfterSeconds: RETRY_AFTER_SECONDS,
  });
}
