/** What a request shows to prove which project it belongs to; absent parts are empty. */
export type Credentials = {
  apiKey: string;
  /** From `Authorization: Bearer key:secret`. */
  apiSecret: string;
  nonce: string;
  signature: string;
};

/** Anything that reads a header by its lower-case name: `Headers`, or a function's object. */
export type HeaderReader = { get(name: string): string | null | undefined };

/**
 * Reads `x-api-key` with `x-nonce` and `x-signature`, else `Authorization: Bearer key` or
 * `Bearer key:secret`. Null where a request shows neither.
 */
export function readCredentials(headers: HeaderReader): Credentials | null {
  const apiKey = headers.get('x-api-key');
  if (apiKey) {
    return {
      apiKey,
      apiSecret: '',
      nonce: headers.get('x-nonce') ?? '',
      signature: headers.get('x-signature') ?? '',
    };
  }
  const bearer = /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1];
  if (bearer === undefined) return null;
  const colon = bearer.indexOf(':');
  return {
    apiKey: colon < 0 ? bearer : bearer.slice(0, colon),
    apiSecret: colon < 0 ? '' : bearer.slice(colon + 1),
    nonce: '',
    signature: '',
  };
}
