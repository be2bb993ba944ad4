import { BlockList, isIP } from 'node:net';

/** Which addresses a project accepts; null is every address. */
export type AllowedIps = BlockList | null;

/**
 * Parses a project's list: addresses, networks (`10.0.0.0/8`) and `*`. An invalid entry allows
 * nothing.
 */
export function parseAllowedIps(entries: readonly string[] | null): AllowedIps {
  if (entries === null || entries.includes('*')) return null;
  const list = new BlockList();
  for (const entry of entries) {
    const [address = '', prefix] = entry.trim().split('/');
    const family = familyOf(address);
    if (family === null) continue;
    if (prefix === undefined) list.addAddress(address, family);
    else if (isPrefix(prefix, family)) list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

export function isIpAllowed(ip: string, allowed: AllowedIps): boolean {
  if (allowed === null) return true;
  const family = familyOf(ip);
  return family !== null && allowed.check(ip, family);
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  const version = isIP(address);
  return version === 4 ? 'ipv4' : version === 6 ? 'ipv6' : null;
}

function isPrefix(text: string, family: 'ipv4' | 'ipv6'): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= (family === 'ipv4' ? 32 : 128);
}
