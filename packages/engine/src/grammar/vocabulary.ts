import type { Tokenizer } from '../text/tokenizer.ts';

/**
 * The vocabulary as a tree of bytes, in flat arrays that threads share: the children of a node are
 * adjacent, and a token belongs to the node of its last byte. Special tokens have no bytes and are
 * not in the tree.
 */
export type Vocabulary = {
  readonly bytes: Uint8Array;
  /** Where the children of a node begin; they end where those of the next node begin. */
  readonly firstChild: Int32Array;
  /** Where the tokens of a node begin in `tokens`. */
  readonly firstToken: Int32Array;
  readonly tokens: Int32Array;
  /** Where the bytes of each id begin in `spelled`. */
  readonly firstByte: Int32Array;
  readonly spelled: Uint8Array;
  /** Bytes of the longest token. */
  readonly depth: number;
  /** The ids that end an answer. */
  readonly stopIds: readonly number[];
  readonly maskWords: number;
  /** Whether the tokenizer writes a space before a text, which is not part of it. */
  readonly addsSpace: boolean;
};

/** Takes 0.1 s for 32,064 tokens. */
export function readVocabulary(model: {
  tokenizer: Pick<Tokenizer, 'idCount' | 'bytesOf' | 'addsSpace'>;
  stopIds: ReadonlySet<number>;
}): Vocabulary {
  const { tokenizer } = model;
  const stopIds = [...model.stopIds];
  const idCount = Math.max(tokenizer.idCount, ...stopIds.map((id) => id + 1));
  const spellings = Array.from({ length: tokenizer.idCount }, (_, id) => tokenizer.bytesOf(id));
  const firstByte = new Int32Array(shared(4 * (spellings.length + 1)));
  for (const [id, { length }] of spellings.entries()) {
    firstByte[id + 1] = (firstByte[id] ?? 0) + length;
  }
  const spelled = new Uint8Array(shared(firstByte.at(-1) ?? 0));
  for (const [id, bytes] of spellings.entries()) spelled.set(bytes, firstByte[id]);
  return {
    ...buildTree(spellings),
    firstByte,
    spelled,
    stopIds,
    maskWords: Math.ceil(idCount / 32),
    addsSpace: tokenizer.addsSpace,
  };
}

/** The bytes of an id; none for special tokens and for ids without a token. */
export function bytesOf({ firstByte, spelled }: Vocabulary, id: number): Uint8Array {
  return spelled.subarray(firstByte[id] ?? 0, firstByte[id + 1] ?? 0);
}

type Tree = Pick<Vocabulary, 'bytes' | 'firstChild' | 'firstToken' | 'tokens' | 'depth'>;

function buildTree(spellings: readonly Uint8Array[]): Tree {
  const spelled = spellings
    .map((bytes, id) => ({ id, bytes: Buffer.from(bytes).toString('latin1') }))
    .filter(({ bytes }) => bytes !== '');
  // In this order the tokens below a node are adjacent, and those that end at it come first.
  spelled.sort((left, right) =>
    left.bytes === right.bytes ? left.id - right.id : left.bytes < right.bytes ? -1 : 1,
  );

  const bytes = [0];
  const firstChild: number[] = [];
  const firstToken: number[] = [];
  const tokens: number[] = [];
  // The range of tokens below each node, and its depth.
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
  return {
    depth: depths.at(-1) ?? 0,
    bytes: sharedBytes(bytes),
    firstChild: sharedInts([...firstChild, starts.length]),
    firstToken: sharedInts([...firstToken, tokens.length]),
    tokens: sharedInts(tokens),
  };
}

function sharedBytes(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(shared(values.length));
  bytes.set(values);
  return bytes;
}

function sharedInts(values: readonly number[]): Int32Array {
  const ints = new Int32Array(shared(4 * values.length));
  ints.set(values);
  return ints;
}

function shared(sizeBytes: number): SharedArrayBuffer {
  return new SharedArrayBuffer(sizeBytes);
}
