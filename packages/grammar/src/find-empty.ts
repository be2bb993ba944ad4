import type { Node } from './node.ts';
import type { Work } from './work.ts';

/**
 * The nodes below `root`, itself included, that have no finite text, such as a list that must
 * contain itself. An answer that enters one can neither continue nor stop.
 */
export function findEmpty(root: Node, work: Work): ReadonlySet<Node> {
  const nodes = nodesBelow(root, work);
  const full = fullNodes(nodes);
  return new Set(nodes.filter((node) => !full.has(node)));
}

/** The field of the innermost rule that leaves `root` without a text; undefined if there is none. */
export function fieldOfEmpty(root: Node, empty: ReadonlySet<Node>): string | undefined {
  const seen = new Set<Node>();
  let field: string | undefined;
  for (let at: Node | undefined = root; at && !seen.has(at);) {
    seen.add(at);
    if (at.kind === 'rule') field = at.field;
    // Every option of an empty choice is empty; one alone is to blame only if there is one.
    if (at.kind === 'choice' && at.options.length > 1) break;
    at = innerNodes(at).find((inner) => empty.has(inner));
  }
  return field;
}

const ALWAYS_FULL: ReadonlySet<Node['kind']> = new Set(['empty', 'byte', 'text']);

function nodesBelow(root: Node, work: Work): Node[] {
  const seen = new Set([root]);
  for (const node of seen) {
    work.spend(1);
    for (const inner of innerNodes(node)) seen.add(inner);
  }
  return [...seen];
}

function innerNodes(node: Node): readonly Node[] {
  switch (node.kind) {
    case 'empty':
    case 'byte':
    case 'text':
      return [];
    case 'pair':
      return [node.first, node.second];
    case 'choice':
      return node.options;
    case 'repeat':
      return [node.item];
    case 'rule':
      return [node.open()];
  }
}

/**
 * The nodes that have a finite text, from the leaves up. A node is visited once for each inner node
 * that is found to have one.
 */
function fullNodes(nodes: readonly Node[]): ReadonlySet<Node> {
  const outerNodes = new Map<Node, Node[]>();
  const full = new Set<Node>();
  const found: Node[] = [];
  const add = (node: Node) => {
    if (full.has(node)) return;
    full.add(node);
    found.push(node);
  };
  for (const node of nodes) {
    for (const inner of innerNodes(node)) {
      const outer = outerNodes.get(inner) ?? [];
      outerNodes.set(inner, outer);
      outer.push(node);
    }
    if (ALWAYS_FULL.has(node.kind)) add(node);
    if (node.kind === 'repeat' && node.min <= 0) add(node);
  }
  for (let node = found.pop(); node; node = found.pop()) {
    for (const outer of outerNodes.get(node) ?? []) {
      const isFull = outer.kind !== 'pair' || (full.has(outer.first) && full.has(outer.second));
      if (isFull) add(outer);
    }
  }
  return full;
}
