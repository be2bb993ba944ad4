import { type BlockList, isIPv4, isIPv6 } from 'node:net';

import { isPublicAddress } from './is-public-address.ts';

/** Whether an address may be called: it is public, or in a network that the operator opened. */
export function mayCall(address: string, openNetworks: BlockList | null): boolean {
  if (isPublicAddress(address)) return true;
  if (openNetworks === null || address.includes('%')) return false;
  if (isIPv4(address)) return openNetworks.check(address, 'ipv4');
  return isIPv6(address) && openNetworks.check(address, 'ipv6');
}
