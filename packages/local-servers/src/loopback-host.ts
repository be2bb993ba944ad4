import { createServer } from 'node:net';

let known: Promise<string> | undefined;

/** The address of this machine itself: 127.0.0.1, or ::1 where the loopback has no other. */
export function loopbackHost(): Promise<string> {
  known ??= canListen('127.0.0.1').then((can) => (can ? '127.0.0.1' : '::1'));
  return known;
}

/** An address as it stands in a URL. */
export function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

/** The address of a URL as sockets take it; the loopback's where it names none. */
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
