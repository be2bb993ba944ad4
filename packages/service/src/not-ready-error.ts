/**
 * What a role needs is not as it must be, and a person has to act. `next` says what to do: it stands
 * in the answer of /readyz, which may be public, so it holds no values.
 */
export class NotReadyError extends Error {
  override readonly name = 'NotReadyError';
  readonly found: string;
  readonly next: string;

  constructor(found: string, next: string) {
    super(`${found} ${next}`);
    this.found = found;
    this.next = next;
  }
}
