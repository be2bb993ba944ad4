import type { Pico } from '@runfleet/protocol';

type Transfer = { debit: string; credit: string; amount: Pico };

/** Accounts derived from transfers alone, and holds derived from tasks alone. */
export class Ledger {
  readonly #accounts = new Map<string, Pico>();
  readonly #live = new Map<string, { held: Pico; count: number }>();
  #charged: Pico = 0n;

  /** Adds what an ended task costs by its log. */
  charge(cost: Pico): void {
    this.#charged += cost;
  }

  get isRevenueCharged(): boolean {
    return (this.#accounts.get('revenue') ?? 0n) === this.#charged;
  }

  post({ debit, credit, amount }: Transfer): void {
    this.#accounts.set(debit, (this.#accounts.get(debit) ?? 0n) - amount);
    this.#accounts.set(credit, (this.#accounts.get(credit) ?? 0n) + amount);
  }

  of(organisationId: string): { available: Pico; held: Pico } {
    return {
      available: this.#accounts.get(`customer:${organisationId}`) ?? 0n,
      held: this.#accounts.get(`held:${organisationId}`) ?? 0n,
    };
  }

  sum(): Pico {
    return [...this.#accounts.values()].reduce((sum, amount) => sum + amount, 0n);
  }

  hold(organisationId: string, held: Pico): void {
    const live = this.live(organisationId);
    this.#live.set(organisationId, { held: live.held + held, count: live.count + 1 });
  }

  release(organisationId: string, held: Pico): void {
    const live = this.live(organisationId);
    this.#live.set(organisationId, { held: live.held - held, count: live.count - 1 });
  }

  /** What the live tasks of an organisation hold, and how many there are. */
  live(organisationId: string): { held: Pico; count: number } {
    return this.#live.get(organisationId) ?? { held: 0n, count: 0 };
  }
}
