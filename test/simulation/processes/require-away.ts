/** Rethrows every error that an absent server does not explain. */
export function requireAway(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'CONNECTION_CLOSED') throw error;
}
