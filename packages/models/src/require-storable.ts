import { invalid } from './read-parameter.ts';

/** NUL and lone surrogates exist in JSON but in no Postgres text and no UTF-8. */
export function requireStorable(path: string, value: unknown): void {
  if (typeof value === 'string') {
    if (!value.includes('\0') && isWellFormed(value)) return;
    throw invalid(
      `Request parameter [${path}] must be valid Unicode text without NUL characters or lone surrogates`,
    );
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, entry] of Object.entries(value)) {
    requireStorable(path, key);
    requireStorable(path === '' ? key : `${path}.${key}`, entry);
  }
}

// `String.prototype.isWellFormed` is in Node 20 but not in the ES2023 library types.
function isWellFormed(value: string): boolean {
  return !/\p{Surrogate}/u.test(value);
}
