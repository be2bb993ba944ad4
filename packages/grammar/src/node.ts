/**
 * The texts that a grammar allows, as a tree over bytes. A sequence is a chain of pairs, so
 * following it costs only the part that is read. A `rule` is a part of the caller's grammar that is
 * looked up when it is reached, so a tree may contain itself.
 */
export type Node =
  | { readonly kind: 'empty' }
  | { readonly kind: 'byte'; readonly from: number; readonly to: number }
  | Text
  | { readonly kind: 'pair'; readonly first: Node; readonly second: Node }
  | { readonly kind: 'choice'; readonly options: readonly Node[] }
  | { readonly kind: 'repeat'; readonly item: Node; readonly min: number; readonly max: number }
  | { readonly kind: 'rule'; readonly open: () => Node; readonly field: string };

/** The bytes from `at` on. `next` is the same text from `at + 1` on, set when first needed. */
export type Text = {
  readonly kind: 'text';
  readonly bytes: Uint8Array;
  readonly at: number;
  next: Node | undefined;
};

export const EMPTY: Node = { kind: 'empty' };
/** Matches no text at all. */
export const NOTHING: Node = { kind: 'choice', options: [] };

export function byte(from: number, to: number = from): Node {
  return { kind: 'byte', from, to };
}

export function sequence(...items: readonly Node[]): Node {
  let whole: Node = EMPTY;
  for (let at = items.length - 1; at >= 0; at -= 1) {
    const first = items[at] ?? EMPTY;
    if (first.kind === 'empty') continue;
    whole = whole.kind === 'empty' ? first : { kind: 'pair', first, second: whole };
  }
  return whole;
}

export function choice(...options: readonly Node[]): Node {
  return options.length === 1 && options[0] ? options[0] : { kind: 'choice', options };
}

/** `max` may be infinite. */
export function repeat(item: Node, min: number, max: number): Node {
  if (min > max) return NOTHING;
  if (max === 0) return EMPTY;
  return min === 1 && max === 1 ? item : { kind: 'repeat', item, min, max };
}

export function optional(item: Node): Node {
  return choice(EMPTY, item);
}

const encoder = new TextEncoder();

/** Exactly this text, in UTF-8. */
export function literal(text: string): Node {
  return textOf(encoder.encode(text));
}

export function textOf(bytes: Uint8Array): Node {
  return textFrom(bytes, 0);
}

/** The rest of a text after its first byte. */
export function afterFirst(text: Text): Node {
  text.next ??= textFrom(text.bytes, text.at + 1);
  return text.next;
}

function textFrom(bytes: Uint8Array, at: number): Node {
  return at < bytes.length ? { kind: 'text', bytes, at, next: undefined } : EMPTY;
}

/** A list with separators between its items. It has at least one item. */
export function separated(item: Node, separator: Node, min: number, max: number): Node {
  return sequence(item, repeat(sequence(separator, item), min - 1, max - 1));
}
