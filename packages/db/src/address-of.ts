/**
 * Where the server of the URL listens, for the driver, which cuts an IPv6 address at its first colon;
 * nothing where the driver reads the URL rightly.
 */
export function addressOf(url: string): { host?: string; port?: number } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (!parsed?.hostname.startsWith('[')) return {};
  const host = [parsed.hostname.slice(1, -1)];
  // It takes lists, which it does not cut; its types know of texts alone.
  return { host, port: [Number(parsed.port || 5432)] } as unknown as { host: string; port: number };
}
