import type { Part } from './part.ts';
import type { PatternReader } from './pattern-reader.ts';

/** Puts `any` before and after each alternative, except where an anchor stands. */
export function padded(part: Part, any: Part, reader: PatternReader): Part {
  if (part.kind === 'choice') {
    return { kind: 'choice', options: part.options.map((option) => padded(option, any, reader)) };
  }
  if (part.kind !== 'sequence') return padded({ kind: 'sequence', items: [part] }, any, reader);
  const [only] = part.items;
  if (part.items.length === 1 && only && (only.kind === 'choice' || only.kind === 'sequence')) {
    return padded(only, any, reader);
  }
  const starts = part.items.findIndex((item) => !isAnchor(item, '^'));
  const ends = part.items.findLastIndex((item) => !isAnchor(item, '$'));
  const inner = part.items.slice(Math.max(0, starts), ends + 1);
  const nested = inner.find(holdsAnchor);
  if (nested && starts >= 0) {
    throw reader.refuse('may use ^ and $ here only at the ends of an alternative');
  }
  const isBoundAtStart = starts !== 0;
  const isBoundAtEnd = ends !== part.items.length - 1;
  return {
    kind: 'sequence',
    items: [...(isBoundAtStart ? [] : [any]), ...inner, ...(isBoundAtEnd ? [] : [any])],
  };
}

function isAnchor(part: Part, symbol: '^' | '$'): boolean {
  return part.kind === 'anchor' && part.symbol === symbol;
}

function holdsAnchor(part: Part): boolean {
  switch (part.kind) {
    case 'node':
      return false;
    case 'anchor':
      return true;
    case 'sequence':
      return part.items.some(holdsAnchor);
    case 'choice':
      return part.options.some(holdsAnchor);
    case 'repeat':
      return holdsAnchor(part.item);
  }
}
