/**
 * The host and port of the URL, because the driver cuts an IPv6 address at its first colon; empty
 * where the driver parses the URL correctly.
 */
export function addressOf(url: string): { host?: string; port?: number } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.hostname.startsWith('[')) return {};
  const host = [parsed.hostname.slice(1, -1)];
  // The driver also takes lists and does not cut them; its types only declare strings.
  return { host, port: [Number(parsed.port || 5432)] } as unknown as { host: string; port: number };
}
