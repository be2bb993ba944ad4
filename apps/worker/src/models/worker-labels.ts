const VALUE_CHARACTERS_MAX = 63;

/**
 * A worker's labels: those that it is given, and under the names that these leave free, what it knows
 * of itself. A value that has no letter or digit makes no label.
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

/** As a label's value may be: `Intel(R) Xeon(R) @ 2.2GHz` becomes `Intel-R-Xeon-R-2.2GHz`. */
function cleanValue(value: string): string {
  return value
    .replace(/[^A-Za-z0-9._/]+/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, VALUE_CHARACTERS_MAX)
    .replace(/(?<=[A-Za-z0-9])[^A-Za-z0-9]+$/, '');
}
