import { invalid, shownName } from './read-parameter.ts';

const LEVELS_MAX = 100;

/** JSON can carry NUL and lone surrogates; Postgres text and UTF-8 cannot. */
export function requireStorable(path: string, value: unknown): void {
  const found = findUnstorable(value, 0);
  if (found === null) return;
  const name = [path, ...found.map(shownName)].filter((part) => part !== '').join('.');
  throw invalid(
    `Request parameter [${name}] must be valid Unicode text without NUL characters or lone surrogates`,
  );
}

/** The path of keys to the first text that cannot be stored, or null. */
function findUnstorable(value: unknown, level: number): string[] | null {
  if (typeof value === 'string') return isStorable(value) ? null : [];
  if (typeof value !== 'object' || value === null) return null;
  // A body can be nested deeper than the stack allows.
  if (level > LEVELS_MAX) {
    throw invalid(`Request parameters must not be nested deeper than ${LEVELS_MAX} levels`);
  }
  const isList = Array.isArray(value);
  for (const key of Object.keys(value)) {
    if (!isList && !isStorable(key)) return [];
    const found = findUnstorable((value as Readonly<Record<string, unknown>>)[key], level + 1);
    if (found !== null) return [key, ...found];
  }
  return null;
}

function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes('\0');
}
