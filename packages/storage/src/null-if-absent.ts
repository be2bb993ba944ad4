/** Null for the error of a missing path; throws every other error. */
export function nullIfAbsent(error: unknown): null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A segment of the key may be an object.
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}
