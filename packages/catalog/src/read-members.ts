import { invalid, isBlank, shownName } from './read-parameter.ts';

export function isShort(value: unknown, charactersMax: number): value is string {
  return typeof value === 'string' && value.length <= charactersMax;
}

export function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Throws for a member that is not read, unless it is known and empty. */
export function requireEmpty(
  path: string,
  members: Readonly<Record<string, unknown>>,
  known: readonly string[],
): void {
  for (const [key, value] of Object.entries(members)) {
    if (known.includes(key) && (isBlank(value) || isEmptyList(value))) continue;
    throw invalid(`Request parameter [${path}.${shownName(key)}] is not supported`);
  }
}
