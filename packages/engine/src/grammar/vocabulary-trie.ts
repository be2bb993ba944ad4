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
    const spelled = Array.from({ length: tokenizer.idCount }, (_, id) => ({
      id,
      bytes: Buffer.from(tokenizer.bytesOf(id)).toString('latin1'),
    })).filter(({ bytes }) => bytes !== '');
    // In this order the tokens below a node stand in a row, those that end at it first.
    spelled.sort((left, right) =>
      left.bytes === right.bytes ? left.id - right.id : left.bytes < right.bytes ? -1 : 1,
    );

    const bytes = [0];
    const firstChild: number[] = [];
    const firstToken: number[] = [];
    const tokens: number[] = [];
    // Which of the tokens are below each node, and how deep it is.
    const starts = [0];
    const ends = [spelled.length];
    const depths = [0];
    for (let node = 0; node < starts.length; node += 1) {
      const depth = depths[node] ?? 0;
      const end = ends[node] ?? 0;
      let at = starts[node] ?? 0;
      firstChild.push(starts.length);
      firstToken.push(tokens.length);
      for (; at < end && spelled[at]?.bytes.length === depth; at += 1) {
        tokens.push(spelled[at]?.id ?? 0);
      }
      while (at < end) {
        const byte = spelled[at]?.bytes.charCodeAt(depth) ?? 0;
        starts.push(at);
        while (at < end && spelled[at]?.bytes.charCodeAt(depth) === byte) at += 1;
        ends.push(at);
        depths.push(depth + 1);
        bytes.push(byte);
      }
    }
    this.depth = depths.at(-1) ?? 0;
    this.bytes = Uint8Array.from(bytes);
    this.firstChild = Int32Array.from([...firstChild, starts.length]);
    this.firstToken = Int32Array.from([...firstToken, tokens.length]);
    this.tokens = Int32Array.from(tokens);
  }
}
