/**
 * Why a call failed. Messages contain no address that a name resolved to, so a tenant may read them.
 *
 * `refused`: the URL or its address may not be called, now or later.
 * `unresolved`: DNS has no address for the name, or no answer in time.
 * `unreachable`: no connection, or one that broke.
 * `untrusted`: the certificate is not valid for the name.
 * `timeout`: a time limit passed.
 * `too_large`: the answer is larger than allowed.
 * `malformed`: the answer is not HTTP.
 */
export type OutboundErrorKind =
  | 'refused'
  | 'unresolved'
  | 'unreachable'
  | 'untrusted'
  | 'timeout'
  | 'too_large'
  | 'malformed';

export class OutboundError extends Error {
  override readonly name = 'OutboundError';
  readonly kind: OutboundErrorKind;

  constructor(kind: OutboundErrorKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
