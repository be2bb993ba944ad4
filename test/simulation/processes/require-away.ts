/** Only what a server's absence explains may fail; anything else is a mistake that must be seen. */
export function requireAway(error: unknown): void {
  if ((error as { code?: unknown }).code !== 'CONNECTION_CLOSED') throw error;
}
