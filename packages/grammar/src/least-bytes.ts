import type { Node } from './node.ts';

/** More nodes are not visited: what is behind them counts as nothing. */
const VISITED_MAX = 32;

/** A number of bytes that no text of the node is shorter than. */
export function leastBytes(node: Node): number {
  let left = VISITED_MAX;
  return visit(node);

  function visit(at: Node): number {
    left -= 1;
    if (left < 0) return 0;
    switch (at.kind) {
      case 'empty':
      case 'rule':
        return 0;
      case 'byte':
        return 1;
      case 'text':
        return at.bytes.length - at.at;
      case 'pair':
        return visit(at.first) + visit(at.second);
      case 'choice': {
        let least = Number.POSITIVE_INFINITY;
        for (const option of at.options) {
          least = Math.min(least, visit(option));
          if (least === 0) return 0;
        }
        return at.options.length > 0 ? least : 0;
      }
      case 'repeat':
        return at.min > 0 ? at.min * visit(at.item) : 0;
    }
  }
}
