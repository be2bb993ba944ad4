import { EngineError } from '../engine-error.ts';
import { IdBuffer } from './id-buffer.ts';
import { runAtOnce } from './in-steps.ts';
import { mergeInSteps, mergePairs, type MergeTable } from './merge-pairs.ts';
import type { Spelling } from './spelling.ts';
import type { AddedToken, TokenizerFile } from './tokenizer-file.ts';

const WORD_CACHE_ENTRIES_MAX = 20_000;
const WORD_CACHE_CHARS_MAX = 40;
/** Longer words are merged with a heap, which can pause. */
const WORD_SYMBOLS_MAX = 64;
/** Characters encoded between two yields; less than 2 ms with a cold cache. */
const STEP_CHARS = 512;

/**
 * Byte-pair encoding, id for id as the library that the vocabulary was made for.
 *
 * The vocabulary's spelling splits a text into words, which are encoded one by one through a cache.
 * A long word is split between two characters that are adjacent in no token.
 */
export class Tokenizer {
  /** Every id is below this. */
  readonly idCount: number;
  /**
   * No token covers more characters, so a text of `n * this` characters has at least `n` tokens.
   */
  readonly tokenCharsMax: number;
  readonly addedTokens: readonly AddedToken[];

  /** Whether text begins with a space that is not part of it. */
  readonly addsSpace: boolean;

  readonly #file: TokenizerFile;
  readonly #spelling: Spelling;
  readonly #addedOf: ReadonlyMap<string, AddedToken>;
  readonly #table: MergeTable;
  readonly #byteIds: readonly number[];
  /** Pairs of characters that are adjacent in some token. */
  readonly #neighbours = new Set<number>();
  readonly #cache = new Map<string, Int32Array>();
  readonly #contentOfId: (string | undefined)[] = [];
  readonly #bytesOfId: (Uint8Array | undefined)[] = [];

  constructor(file: TokenizerFile) {
    const { spelling } = file;
    this.#file = file;
    this.#spelling = spelling;
    this.addsSpace = spelling.addsSpace;
    this.addedTokens = file.addedTokens;
    this.#addedOf = new Map(file.addedTokens.map((token) => [token.content, token]));
    let charactersMax = 0;
    for (const [token, id] of file.vocabulary) {
      this.#contentOfId[id] = token;
      this.#bytesOfId[id] = spelling.bytesOf(token);
      charactersMax = Math.max(charactersMax, token.length);
      this.#addNeighbours(token);
    }
    this.tokenCharsMax = charactersMax * spelling.unitsPerCharacter;
    for (const { id, content, special } of file.addedTokens) {
      this.#contentOfId[id] = content;
      this.#bytesOfId[id] = special ? NO_BYTES : spelling.bytesOf(content);
    }
    this.idCount = this.#contentOfId.length;
    this.#table = buildMergeTable(file, this.idCount);
    this.#byteIds = spelling.byteTokens.map((token) => idOf(file, token));
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
    for (const word of this.#spelling.wordsOf(text)) {
      if (word === undefined) {
        yield;
        continue;
      }
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
    return this.#addedOf.get(content);
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

  #addNeighbours(token: string): void {
    let before = 0;
    for (const character of token) {
      const code = character.codePointAt(0) ?? 0;
      this.#neighbours.add(neighbours(before, code));
      before = code;
    }
  }

  /** `part` holds the symbols that may be joined; the merged ids are added to `ids`. */
  *#encodeWord(word: string, buffers: Buffers): Generator<undefined, void> {
    const { vocabulary, ignoresMerges } = this.#file;
    const spelling = this.#spelling;
    if (ignoresMerges && word.length <= this.tokenCharsMax) {
      const whole = vocabulary.get(Array.from(spelling.spell(word)).join(''));
      if (whole !== undefined) {
        buffers.ids.push(whole);
        return;
      }
    }
    const { part } = buffers;
    let before = 0;
    let chars = 0;
    for (const character of spelling.spell(word)) {
      if ((chars += 1) % STEP_CHARS === 0) yield;
      const id = vocabulary.get(character);
      const symbols = id === undefined ? this.#fallbackIds(character) : [id];
      if (symbols.length === 0) continue;
      const code = character.codePointAt(0) ?? 0;
      if (part.length > 0 && !this.#neighbours.has(neighbours(before, code))) {
        yield* this.#mergePart(buffers);
      }
      before = code;
      for (const symbol of symbols) part.push(symbol);
    }
    yield* this.#mergePart(buffers);
  }

  #fallbackIds(character: string): number[] {
    if (this.#byteIds.length === 0) return [];
    return Array.from(Buffer.from(character), (byte) => this.#byteIds[byte] ?? 0);
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
