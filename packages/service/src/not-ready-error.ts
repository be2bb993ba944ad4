/**
 * A role cannot work until an operator acts. `next` is the operator's next step. /readyz, which
 * may be public, returns it, so it contains no values.
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
