/**
 * Whether a transaction that failed with `error` may have been committed all the same: the
 * connection broke, so nobody said. A statement that Postgres refused has a code of five characters,
 * and then nothing was written; of these, 08 and 57P are the server's way to end a connection. The
 * operating system's codes begin with E, some of them with five characters too (EPIPE).
 */
export function isOutcomeUnknown(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  if (typeof code !== 'string') return false;
  const isRefusal = /^[0-9A-DF-Z][0-9A-Z]{4}$/.test(code);
  return !isRefusal || /^(08|57P)/.test(code);
}
