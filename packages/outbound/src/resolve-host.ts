import { NODATA, NOTFOUND, promises } from 'node:dns';
import type { BlockList, LookupFunction } from 'node:net';

import { mayCall } from './may-call.ts';
import { OutboundError } from './outbound-error.ts';
import { addressIn, notPublic } from './parse-outbound-url.ts';

export type Address = { readonly address: string; readonly family: 4 | 6 };
export type Resolver = Pick<promises.Resolver, 'resolve4' | 'resolve6'>;

/** A name may list many addresses. No more than these are tried. */
const ADDRESSES_MAX = 4;
const QUERY_TIMEOUT_MS = 2_000;
const QUERY_TRIES = 2;

export function openResolver(): Resolver {
  return new promises.Resolver({ timeout: QUERY_TIMEOUT_MS, tries: QUERY_TRIES });
}

/**
 * The addresses of a URL's host that may be called, at least one. Addresses of a name that may not be
 * called are left out: a network with NAT64 adds some to every name.
 */
export async function resolveHost(
  url: URL,
  ctx: { resolver: Resolver; openNetworks: BlockList | null },
): Promise<readonly Address[]> {
  const literal = addressIn(url);
  const found =
    literal === null ? await resolveName(url.hostname, ctx.resolver) : [addressOf(literal)];
  const allowed = found.filter(({ address }) => mayCall(address, ctx.openNetworks));
  if (allowed.length === 0) throw notPublic();
  return allowed.slice(0, ADDRESSES_MAX);
}

/** A lookup for a socket that only returns these addresses, so that nothing is resolved again. */
export function lookupOf(addresses: readonly Address[]): LookupFunction {
  const [first] = addresses;
  return (_host, options, callback) => {
    if (options.all === true) callback(null, [...addresses]);
    else callback(null, first?.address ?? '', first?.family);
  };
}

async function resolveName(name: string, resolver: Resolver): Promise<Address[]> {
  if (/(?:^|\.)localhost$/u.test(name)) return ['127.0.0.1', '::1'].map(addressOf);
  const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
  const addresses = answers.flatMap((answer) =>
    answer.status === 'fulfilled' ? answer.value.map(addressOf) : [],
  );
  if (addresses.length > 0) return addresses;
  const isKnown = answers.every(
    (answer) => answer.status === 'rejected' && hasNoAddress(answer.reason),
  );
  throw new OutboundError(
    'unresolved',
    isKnown
      ? 'The name of the address has no IP address in DNS.'
      : 'DNS did not answer for the name of the address.',
  );
}

function hasNoAddress(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : null;
  return code === NODATA || code === NOTFOUND;
}

function addressOf(address: string): Address {
  return { address, family: address.includes(':') ? 6 : 4 };
}
