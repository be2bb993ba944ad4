import type { Node } from '../node.ts';

/** A parsed part of a pattern, before the positions of its `^` and `$` have been checked. */
export type Part =
  | { kind: 'node'; node: Node }
  | { kind: 'anchor'; symbol: '^' | '$'; at: number }
  | { kind: 'sequence'; items: Part[] }
  | { kind: 'choice'; options: Part[] }
  | { kind: 'repeat'; item: Part; min: number; max: number };
