export type LocatedValue = { value: unknown; field: string; depth: number };

/**
 * A JSON value and all values within it, each with its field. Iterative, because a text may be
 * nested deeper than the stack allows.
 */
export function* valuesBelow(root: unknown, field: string): Generator<LocatedValue, void> {
  const open: LocatedValue[] = [{ value: root, field, depth: 0 }];
  for (let at = open.pop(); at; at = open.pop()) {
    yield at;
    if (typeof at.value !== 'object' || at.value === null) continue;
    for (const [key, value] of Object.entries(at.value)) {
      open.push({ value, field: `${at.field}.${key}`, depth: at.depth + 1 });
    }
  }
}
