/** The error that names the Postgres that cannot be used, without its user and password. */
export function unusable(url: string, cause: unknown): Error {
  const { hostname, port, pathname } = new URL(url);
  const place = `${hostname || 'localhost'}:${port || '5432'}${pathname}`;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new Error(`Postgres at ${place} cannot be used: ${reason}`, { cause });
}
