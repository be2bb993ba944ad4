import type { Node } from './node.ts';
import type { Work } from './work.ts';

/**
 * The nodes below `root`, itself included, that have no finite text, such as a list that must
 * contain itself. An answer that enters one can neither continue nor stop.
 */
export function findEmpty(root: Node, work: Work): ReadonlySet<Node> {
  const { nodes, missing, outer, firstOuter } = readTree(root, work);
  const full: number[] = [];
  for (const [id, count] of missing.entries()) if (count <= 0) full.push(id);
  const isFull = new Uint8Array(nodes.length);
  // From the leaves up: a node is visited once for each inner node that is found to have a text.
  for (let id = full.pop(); id !== undefined; id = full.pop()) {
    isFull[id] = 1;
    for (let at = firstOuter[id] ?? NONE; at !== NONE; at = outer[at + 1] ?? NONE) {
      const above = outer[at] ?? 0;
      const left = (missing[above] ?? 0) - 1;
      missing[above] = left;
      if (left === 0) full.push(above);
    }
  }
  return new Set(nodes.filter((_, id) => isFull[id] === 0));
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

const NONE = -1;

type Tree = {
  /** All but those that are a text themselves. */
  nodes: Node[];
  /** By node: the inner nodes that it still needs to have a text. */
  missing: number[];
  /** Pairs of an outer node and where the next pair of the same inner node begins. */
  outer: number[];
  firstOuter: number[];
};

function readTree(root: Node, work: Work): Tree {
  const nodes = [root];
  const ids = new Map([[root, 0]]);
  const missing: number[] = [];
  const outer: number[] = [];
  const firstOuter = [NONE];
  for (let id = 0; id < nodes.length; id += 1) {
    const node = nodes[id] ?? root;
    const inner = innerNodes(node);
    work.spend(1);
    let needed = node.kind === 'pair' ? 2 : 1;
    if (isText(node) || (node.kind === 'repeat' && node.min <= 0)) needed = 0;
    for (const each of inner) {
      if (isText(each)) {
        needed -= 1;
        continue;
      }
      let at = ids.get(each);
      if (at === undefined) {
        at = nodes.length;
        nodes.push(each);
        ids.set(each, at);
        firstOuter.push(NONE);
      }
      outer.push(id, firstOuter[at] ?? NONE);
      firstOuter[at] = outer.length - 2;
    }
    missing.push(needed);
  }
  return { nodes, missing, outer, firstOuter };
}

function isText({ kind }: Node): boolean {
  return kind === 'byte' || kind === 'text' || kind === 'empty';
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
