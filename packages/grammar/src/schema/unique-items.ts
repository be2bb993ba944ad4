import { choice, EMPTY, literal, type Node, NOTHING, sequence } from '../node.ts';
import type { Work } from '../work.ts';
import { COMMA } from './json-parts.ts';
import { writeValue } from './write-value.ts';

/** So many values may come in any order, as every set of used ones is a state. */
const ANY_ORDER_MAX = 8;

/** A list of `min` to `max` different values; of many values in the order in which they are listed. */
export function uniqueItems(
  values: readonly unknown[],
  { min, max, work }: { min: number; max: number; work: Work },
): Node {
  const texts = values.map((value) => literal(writeValue(value)));
  const most = Math.min(max, values.length);
  if (min > most) return NOTHING;
  const inside = values.length <= ANY_ORDER_MAX ? anyOrder() : listedOrder();
  return sequence(literal('['), inside, literal(']'));

  function anyOrder(): Node {
    const known = new Map<number, Node>();
    const after = (used: number, count: number): Node => {
      const seen = known.get(used);
      if (seen) return seen;
      work.spend(values.length);
      const options = texts.flatMap((text, at) =>
        (used >> at) & 1 || count === most
          ? []
          : [sequence(count === 0 ? EMPTY : COMMA, text, after(used | (1 << at), count + 1))],
      );
      const node = choice(...(count >= min ? [EMPTY] : []), ...options);
      known.set(used, node);
      return node;
    };
    return after(0, 0);
  }

  function listedOrder(): Node {
    // The counts matter only below the least and up to the greatest number of items.
    const isFree = most === values.length;
    const countMax = isFree ? Math.max(min, 1) : most;
    // What may follow if the values from `at` on are left, by the count of items so far.
    let after: Node[] = Array.from({ length: countMax + 1 }, (_, count) =>
      count >= min ? EMPTY : NOTHING,
    );
    for (let at = values.length - 1; at >= 0; at -= 1) {
      const text = texts[at] ?? EMPTY;
      work.spend(countMax + 1);
      const later = after;
      after = later.map((skipped, count) => {
        if (count === most && !isFree) return skipped;
        const taken = later[Math.min(count + 1, countMax)] ?? NOTHING;
        if (taken === NOTHING) return skipped;
        const node = sequence(count === 0 ? EMPTY : COMMA, text, taken);
        return skipped === NOTHING ? node : choice(node, skipped);
      });
    }
    return after[0] ?? NOTHING;
  }
}
