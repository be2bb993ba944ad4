import { RunfleetError } from '@runfleet/protocol';

/** Limits how many uploads this process receives at once: in all, and of one organisation. */
export class OpenUploads {
  readonly #limits: { total: number; perOrganisation: number };
  readonly #open = new Map<string, number>();
  #total = 0;

  constructor(limits: { total: number; perOrganisation: number }) {
    this.#limits = limits;
  }

  /** Throws `rate_limited` or `unavailable` at a limit. Disposing ends the upload. */
  open(organisationId: string): Disposable {
    const own = this.#open.get(organisationId) ?? 0;
    if (own >= this.#limits.perOrganisation) {
      throw new RunfleetError(
        'rate_limited',
        `${own} uploads of your organisation are in progress. Wait for one to end.`,
      );
    }
    if (this.#total >= this.#limits.total) {
      throw new RunfleetError(
        'unavailable',
        'Too many uploads are in progress. Try again shortly.',
      );
    }
    this.#add(organisationId, 1);
    return { [Symbol.dispose]: () => this.#add(organisationId, -1) };
  }

  #add(organisationId: string, change: 1 | -1): void {
    this.#total += change;
    const own = (this.#open.get(organisationId) ?? 0) + change;
    if (own === 0) this.#open.delete(organisationId);
    else this.#open.set(organisationId, own);
  }
}
