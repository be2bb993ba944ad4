/**
 * What a text may be, as a tree over bytes. `rule` stands for another node that is looked up when it
 * is reached, so that a tree may contain itself.
 */
export type Node =
  | { readonly kind: 'byte'; readonly from: number; readonly to: number }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly open: () => Node };

export const EMPTY: Node = { kind: 'sequence', items: [] };

export function sequence(...items: readonly Node[]): Node {
  return { kind: 'sequence', items };
}

export function choice(...options: readonly Node[]): Node {
  return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
}

/** `max` may be infinite. */
export function repeat(item: Node, min: number, max: number): Node {
  return { kind: 'repeat', item, min, max };
}

export function optional(item: Node): Node {
  return choice(EMPTY, item);
}

/** A text itself, in UTF-8. */
export function literal(text: string): Node {
  const bytes = Array.from(Buffer.from(text), (byte): Node => ({
    kind: 'byte',
    from: byte,
    to: byte,
  }));
  return { kind: 'sequence', items: bytes };
}

/** A list with commas between its items, the first of which is there. */
export function separated(item: Node, separator: Node, min: number, max: number): Node {
  return sequence(item, repeat(sequence(separator, item), min - 1, max - 1));
}
