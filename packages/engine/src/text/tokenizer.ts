import { EngineError } from '../engine-error.ts';
import { IdBuffer } from './id-buffer.ts';
import { runAtOnce } from './in-steps.ts';
import { mergeInSteps, mergePairs, type MergeTable } from './merge-pairs.ts';
import type { AddedToken, TokenizerFile } from './tokenizer-file.ts';

const WORD_CACHE_ENTRIES_MAX = 20_000;
const WORD_CACHE_CHARS_MAX = 40;
/** Longer words are merged with a heap, which can pause. */
const WORD_SYMBOLS_MAX = 64;
/** Characters encoded between two yields; less than 2 ms with a cold cache. */
const STEP_CHARS = 512;
const SPACE_MARK = '▁';

/**
 * Byte-pair encoding, id for id as the library that the vocabulary was made for.
 *
 * A text is split before each run of ▁, and the words are encoded one by one through a cache. That
 * equals encoding the whole text as long as no token has ▁ after another character, which the
 * constructor checks. In the same way a long word is split between two characters that are adjacent
 * in no token.
 */
export class Tokenizer {
  /** Every id is below this. */
  readonly idCount: number;
  /**
   * No token covers more characters, so a text of `n * this` characters has at least `n` tokens.
   */
  readonly tokenCharsMax: number;
  readonly addedTokens: readonly AddedToken[];

  readonly #file: TokenizerFile;
  readonly #table: MergeTable;
  readonly #byteIds: readonly number[];
  readonly #canSplit: boolean;
  /** Pairs of characters that are adjacent in some token. */
  readonly #neighbours = new Set<number>();
  readonly #cache = new Map<string, Int32Array>();
  readonly #contentOfId: (string | undefined)[] = [];
  readonly #bytesOfId: (Uint8Array | undefined)[] = [];

  constructor(file: TokenizerFile) {
    this.#file = file;
    this.addedTokens = file.addedTokens;
    for (const [token, id] of file.vocabulary) this.#contentOfId[id] = token;
    for (const { id, content } of file.addedTokens) this.#contentOfId[id] = content;
    this.idCount = this.#contentOfId.length;
    this.tokenCharsMax = Math.max(...Array.from(file.vocabulary.keys(), (token) => token.length));

    this.#table = buildMergeTable(file, this.idCount);
    this.#byteIds = Array.from({ length: 256 }, (_, byte) => idOf(file, byteToken(byte)));
    this.#canSplit =
      file.prepend === SPACE_MARK &&
      file.replaceFrom === ' ' &&
      file.replaceTo === SPACE_MARK &&
      !file.merges.some(([left, right]) => /[^▁]▁/u.test(left + right));

    for (const token of file.vocabulary.keys()) {
      let before = 0;
      for (const character of token) {
        const code = character.codePointAt(0) ?? 0;
        this.#neighbours.add(neighbours(before, code));
        before = code;
      }
    }

    const special = new Set(file.addedTokens.filter((token) => token.special).map(({ id }) => id));
    for (const [id, content] of this.#contentOfId.entries()) {
      this.#bytesOfId[id] = special.has(id) ? new Uint8Array() : bytesOfToken(content ?? '');
    }
  }

  /** Encodes a text. Special tokens written in the text stay ordinary text. */
  encode(text: string): number[] {
    return Array.from(runAtOnce(this.encodeInSteps(text)));
  }

  /**
   * The same, yielding every millisecond or two so that a long text does not block the event loop.
   */
  *encodeInSteps(text: string): Generator<undefined, Int32Array> {
    const ids = new IdBuffer();
    if (text === '') return ids.from(0);
    const part = new IdBuffer();
    let chars = 0;
    for (const word of this.#wordsOf(text)) {
      chars += word.length;
      if (chars >= STEP_CHARS) {
        chars = 0;
        yield;
      }
      const known = this.#cache.get(word);
      if (known) {
        for (const id of known) ids.push(id);
        continue;
      }
      const start = ids.length;
      yield* this.#encodeWord(word, { part, ids });
      if (word.length <= WORD_CACHE_CHARS_MAX) {
        if (this.#cache.size >= WORD_CACHE_ENTRIES_MAX) this.#cache.clear();
        this.#cache.set(word, ids.from(start).slice());
      }
    }
    return ids.from(0);
  }

  /** The id of an added token such as `<|end|>`. */
  findAdded(content: string): AddedToken | undefined {
    return this.#file.addedTokens.find((token) => token.content === content);
  }

  /** The bytes of an id; none for special tokens and for ids without a token. */
  bytesOf(id: number): Uint8Array {
    return this.#bytesOfId[id] ?? NO_BYTES;
  }

  /**
   * The text of an id for people: the text it adds, or the name of a special token; half a
   * character becomes U+FFFD.
   */
  textOf(id: number): string {
    const bytes = this.bytesOf(id);
    return bytes.length > 0 ? Buffer.from(bytes).toString() : (this.#contentOfId[id] ?? '');
  }

  *#wordsOf(text: string): Generator<string, void> {
    const { prepend } = this.#file;
    if (!this.#canSplit) {
      yield prepend + text;
      return;
    }
    let isFirst = true;
    for (const [word] of text.matchAll(/[ ▁]+[^ ▁]*|[^ ▁]+/gu)) {
      yield isFirst ? prepend + word : word;
      isFirst = false;
    }
  }

  /** `part` holds the symbols that may be joined; the merged ids are added to `ids`. */
  *#encodeWord(word: string, buffers: Buffers): Generator<undefined, void> {
    const { vocabulary, replaceFrom, replaceTo } = this.#file;
    const { part } = buffers;
    let before = 0;
    let chars = 0;
    for (const written of word) {
      const character = written === replaceFrom ? replaceTo : written;
      const code = character.codePointAt(0) ?? 0;
      if (part.length > 0 && !this.#neighbours.has(neighbours(before, code))) {
        yield* this.#mergePart(buffers);
      }
      before = code;
      const id = vocabulary.get(character);
      if (id !== undefined) part.push(id);
      else for (const byte of Buffer.from(character)) part.push(this.#byteIds[byte] ?? 0);
      if ((chars += 1) % STEP_CHARS === 0) yield;
    }
    yield* this.#mergePart(buffers);
  }

  *#mergePart({ part, ids }: Buffers): Generator<undefined, void> {
    const symbols = part.from(0);
    if (symbols.length > WORD_SYMBOLS_MAX) yield* mergeInSteps(symbols, this.#table, ids);
    else for (const id of mergePairs(symbols, this.#table)) ids.push(id);
    part.clear();
  }
}

type Buffers = { part: IdBuffer; ids: IdBuffer };

const NO_BYTES = new Uint8Array();

/** Two code points as one key. */
function neighbours(left: number, right: number): number {
  return left * 0x110000 + right;
}

/** The fallback token of one byte. */
export function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`;
}

function buildMergeTable(file: TokenizerFile, idCount: number): MergeTable {
  const rankOfPair = new Map<number, number>();
  const mergedId = new Int32Array(file.merges.length);
  for (const [rank, [left, right]] of file.merges.entries()) {
    const pair = idOf(file, left) * idCount + idOf(file, right);
    if (!rankOfPair.has(pair)) rankOfPair.set(pair, rank);
    mergedId[rank] = idOf(file, left + right);
  }
  return { rankOfPair, mergedId, idCount };
}

function idOf(file: TokenizerFile, token: string): number {
  const id = file.vocabulary.get(token);
  if (id !== undefined) return id;
  throw new EngineError(
    'model',
    `tokenizer.json: the vocabulary lacks ${JSON.stringify(token)}, which it needs. Copy the file again.`,
  );
}

function bytesOfToken(content: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/u.exec(content)?.[1];
  return byte
    ? Uint8Array.of(Number.parseInt(byte, 16))
    : Buffer.from(content.replaceAll(SPACE_MARK, ' '));
}
