const VALUE_CHARACTERS_MAX = 63;

/**
 * A worker's labels: the given ones, and the detected ones whose names are not among them. A value
 * without a letter or digit gives no label.
 */
export function workerLabels(
  given: readonly string[],
  known: Readonly<Record<string, string>>,
): string[] {
  const names = new Set(given.map(nameOf));
  const own = Object.entries(known).flatMap(([name, value]) => {
    const clean = cleanValue(value);
    return names.has(name) || clean === '' ? [] : `${name}=${clean}`;
  });
  return [...given, ...own].sort();
}

const nameOf = (label: string): string => label.slice(0, label.indexOf('='));

/** Makes a valid label value: `Intel(R) Xeon(R) @ 2.2GHz` becomes `Intel-R-Xeon-R-2.2GHz`. */
function cleanValue(value: string): string {
  return value
    .replace(/[^A-Za-z0-9._/]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, VALUE_CHARACTERS_MAX)
    .replace(/(?<=[A-Za-z0-9])[^A-Za-z0-9]+$/, '');
}
