/** Why the storage is unavailable, for operators. It contains no credentials. */
export class StorageProblem extends Error {
  override readonly name = 'StorageProblem';
  readonly found: string;
  /** What to do about it. */
  readonly next: string;

  constructor(found: string, next: string, options?: ErrorOptions) {
    super(`${found}. ${next}`, options);
    this.found = found;
    this.next = next;
  }
}
