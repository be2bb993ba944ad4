import type { Tokenizer } from '../text/tokenizer.ts';

/**
 * The vocabulary as a tree of bytes, in flat arrays: the children of a node stand in a row, and a
 * token is found where its bytes end. Special tokens have no bytes and are not in it.
 */
export class VocabularyTrie {
  readonly bytes: Uint8Array;
  /** Where the children of a node begin; the next node's begin where they end. */
  readonly firstChild: Int32Array;
  /** Where a node's tokens begin in `tokens`, likewise. */
  readonly firstToken: Int32Array;
  readonly tokens: Int32Array;
  /** Bytes of the longest token. */
  readonly depth: number;

  constructor(tokenizer: Tokenizer) {
    const root: Growing = { byte: 0, children: new Map(), tokens: [] };
    let nodes = 1;
    let depth = 0;
    for (let id = 0; id < tokenizer.idCount; id += 1) {
      const bytes = tokenizer.bytesOf(id);
      if (bytes.length === 0) continue;
      depth = Math.max(depth, bytes.length);
      let node = root;
      for (const byte of bytes) {
        let child = node.children.get(byte);
        if (!child) {
          child = { byte, children: new Map(), tokens: [] };
          node.children.set(byte, child);
          nodes += 1;
        }
        node = child;
      }
      node.tokens.push(id);
    }

    this.depth = depth;
    this.bytes = new Uint8Array(nodes);
    this.firstChild = new Int32Array(nodes + 1);
    this.firstToken = new Int32Array(nodes + 1);
    const tokens: number[] = [];
    const line: Growing[] = [root];
    for (const [at, node] of line.entries()) {
      this.bytes[at] = node.byte;
      this.firstChild[at] = line.length;
      this.firstToken[at] = tokens.length;
      for (const id of node.tokens) tokens.push(id);
      for (const child of node.children.values()) line.push(child);
    }
    this.firstChild[nodes] = nodes;
    this.firstToken[nodes] = tokens.length;
    this.tokens = Int32Array.from(tokens);
  }
}

type Growing = {
  readonly byte: number;
  readonly children: Map<number, Growing>;
  readonly tokens: number[];
};
