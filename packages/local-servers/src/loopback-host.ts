import { createServer } from 'node:net';

let known: Promise<string> | undefined;

/** The loopback address: 127.0.0.1, or ::1 if the loopback has no IPv4 address. */
export function loopbackHost(): Promise<string> {
  known ??= canListen('127.0.0.1').then((can) => (can ? '127.0.0.1' : '::1'));
  return known;
}

/** Formats an address as the host of a URL. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** The host of a URL as sockets expect it; the loopback address if the URL has none. */
export async function addressOf(url: URL): Promise<string> {
  return url.hostname.replace(/^\[|\]$/gu, '') || loopbackHost();
}

function canListen(host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host, port: 0, exclusive: true }, () => probe.close(() => resolve(true)));
  });
}
