import { MESSAGES, RunfleetError } from '@runfleet/protocol';

/** The credentials of a request; missing parts are empty. */
export type Credentials = {
  apiKey: string;
  /** From one of the forms that carry `key:secret`. */
  apiSecret: string;
  nonce: string;
  signature: string;
};

/** Reads a header by its lower-case name: `Headers`, or an adapter. */
export type HeaderReader = { get(name: string): string | null | undefined };

type KeyAndSecret = { apiKey: string; apiSecret: string };

/**
 * Reads `x-api-key` (`key`, or `key:secret`) with `x-nonce` and `x-signature`, and `Authorization:
 * Bearer` of `key`, `key:secret` or base64 of `key:secret`. Null if a request has neither. Throws
 * `unauthorized` if it has both and they differ.
 */
export function readCredentials(headers: HeaderReader): Credentials | null {
  const header = split(headers.get('x-api-key') ?? '');
  const bearer = split(decoded(readBearer(headers)));
  if (header === null || bearer === null) {
    const only = header ?? bearer;
    return only && withSignature(only, header === null ? null : headers);
  }
  const areOne =
    header.apiKey === bearer.apiKey &&
    (header.apiSecret === bearer.apiSecret || header.apiSecret === '' || bearer.apiSecret === '');
  if (!areOne) throw new RunfleetError('unauthorized', MESSAGES.badSignature);
  return withSignature({ ...header, apiSecret: header.apiSecret || bearer.apiSecret }, headers);
}

function withSignature(given: KeyAndSecret, headers: HeaderReader | null): Credentials {
  return {
    ...given,
    nonce: headers?.get('x-nonce') ?? '',
    signature: headers?.get('x-signature') ?? '',
  };
}

function readBearer(headers: HeaderReader): string {
  return /^Bearer +(\S+) *$/i.exec(headers.get('authorization') ?? '')?.[1] ?? '';
}

/**
 * Keys and secrets are letters and digits, so base64 of a pair is distinguishable from a key that
 * looks like base64.
 */
function decoded(bearer: string): string {
  if (!/^[A-Za-z0-9+/_-]+={0,2}$/.test(bearer)) return bearer;
  const text = Buffer.from(bearer, 'base64').toString('latin1');
  return /^[A-Za-z0-9]+:[A-Za-z0-9]+$/.test(text) ? text : bearer;
}

function split(text: string): KeyAndSecret | null {
  if (text === '') return null;
  const colon = text.indexOf(':');
  return colon < 0
    ? { apiKey: text, apiSecret: '' }
    : { apiKey: text.slice(0, colon), apiSecret: text.slice(colon + 1) };
}
