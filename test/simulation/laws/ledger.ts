import type { Pico } from '@runfleet/protocol';

type Transfer = { debit: string; credit: string; amount: Pico };

/** The books as the transfers alone tell them, and the holds as the tasks alone tell them. */
export class Ledger {
  readonly #accounts = new Map<string, Pico>();
  readonly #living = new Map<string, { held: Pico; count: number }>();

  #charged: Pico = 0n;

  /** What a task's end costs, as its log says. */
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
    const living = this.living(organisationId);
    this.#living.set(organisationId, { held: living.held + held, count: living.count + 1 });
  }

  end(organisationId: string, held: Pico): void {
    const living = this.living(organisationId);
    this.#living.set(organisationId, { held: living.held - held, count: living.count - 1 });
  }

  living(organisationId: string): { held: Pico; count: number } {
    return this.#living.get(organisationId) ?? { held: 0n, count: 0 };
  }
}
