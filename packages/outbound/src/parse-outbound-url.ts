import { type BlockList, isIP } from 'node:net';

import { mayCall } from './may-call.ts';
import { OutboundError } from './outbound-error.ts';

const URL_CHARACTERS_MAX = 2_048;
/** Below it are mail, databases and logins, which understand parts of an HTTP request as commands. */
const FREE_PORTS_MIN = 1_024;
const WEB_PORTS = new Set(['', '80', '443']);

/**
 * Parses an address that may be called as far as that can be decided without DNS. Throws an
 * `OutboundError` of kind `refused` whose message continues "The address".
 */
export function parseOutboundUrl(text: string, openNetworks: BlockList | null): URL {
  if (text.length > URL_CHARACTERS_MAX) {
    throw refused(`has more than ${URL_CHARACTERS_MAX} characters`);
  }
  if (!URL.canParse(text)) throw refused('is not a URL');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw refused('must begin with https:// or http://');
  }
  if (url.username !== '' || url.password !== '') throw refused('must not contain a user name');
  if (!WEB_PORTS.has(url.port) && Number(url.port) < FREE_PORTS_MIN) {
    throw refused(`must use port 80, 443 or one from ${FREE_PORTS_MIN} on`);
  }
  // A dot at the end names the same host, but no certificate has it.
  url.hostname = url.hostname.replace(/\.$/u, '');
  const literal = addressIn(url);
  if (literal !== null && !mayCall(literal, openNetworks)) throw notPublic();
  return url;
}

/** The IP address that a URL has in place of a name; null if it has a name. */
export function addressIn(url: URL): string | null {
  const host = url.hostname.replace(/^\[(.*)\]$/u, '$1');
  return isIP(host) === 0 ? null : host;
}

export function notPublic(): OutboundError {
  return refused('is not on the public internet');
}

function refused(problem: string): OutboundError {
  return new OutboundError('refused', `The address ${problem}.`);
}
