const NESTING_MAX = 32;

/** What a parameter that came as the text of its JSON stands for; undefined for other texts and for deep nesting. */
export function parseJsonText(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isShallow(value, NESTING_MAX) ? value : undefined;
}

function isShallow(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return levels > 0 && Object.values(value).every((entry) => isShallow(entry, levels - 1));
}
