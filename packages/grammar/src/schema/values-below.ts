export type Placed = { value: unknown; place: string; depth: number };

/**
 * A value of JSON and all that is in it, with their places. By a loop and not by itself, because the
 * stack ends before the depth that a text may have.
 */
export function* valuesBelow(root: unknown, place: string): Generator<Placed, void> {
  const open: Placed[] = [{ value: root, place, depth: 0 }];
  for (let at = open.pop(); at; at = open.pop()) {
    yield at;
    if (typeof at.value !== 'object' || at.value === null) continue;
    for (const [key, value] of Object.entries(at.value)) {
      open.push({ value, place: `${at.place}.${key}`, depth: at.depth + 1 });
    }
  }
}
