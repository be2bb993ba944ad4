import type { OutputGrammar } from '@runfleet/grammar';

import { Grammar } from './grammar.ts';
import { finish, type Slices } from './slices.ts';
import type { Vocabulary } from './vocabulary.ts';

/** As `Grammar.sizeBytes` estimates them. The grammars of running answers may be beyond it. */
const KEPT_BYTES_MAX = 192 * 2 ** 20;
const KEPT_MAX = 500;
/** Each takes up to 100 ms, and is read on the stack of the one that it interrupts. */
const READING_MAX = 4;

/**
 * The most recently used grammars, with their masks. Callers send the same schema again and again,
 * so after the first answer most masks are cached.
 */
export class Grammars {
  readonly #vocabulary: Vocabulary;
  readonly #keptBytesMax: number;
  /** The most recently used last. */
  readonly #known = new Map<string, Grammar>();
  readonly #reading = new Set<string>();

  /** `keptBytesMax` is for tests; the default is the real limit. */
  constructor(vocabulary: Vocabulary, keptBytesMax = KEPT_BYTES_MAX) {
    this.#vocabulary = vocabulary;
    this.#keptBytesMax = keptBytesMax;
  }

  /** Throws `GrammarError` if the grammar cannot be enforced. */
  open(given: OutputGrammar): Grammar {
    return finish(this.openInSlices(given));
  }

  /**
   * The same, for work in turns. Reading a grammar is not a slice: it calls `onPause` about every
   * millisecond, which may do other work, or throw to stop the reading.
   */
  *openInSlices(given: OutputGrammar, onPause?: () => void): Slices<Grammar> {
    const key = JSON.stringify(given);
    while (this.#reading.has(key) || this.#reading.size >= READING_MAX) yield;
    const known = this.#known.get(key);
    const isUsable = known !== undefined && !known.automaton.isLarge;
    const grammar = isUsable ? known : this.#read(key, given, onPause);
    this.#known.delete(key);
    this.#known.set(key, grammar);
    this.#dropOldest();
    return grammar;
  }

  #read(key: string, given: OutputGrammar, onPause?: () => void): Grammar {
    this.#reading.add(key);
    try {
      return new Grammar(given, this.#vocabulary, onPause);
    } finally {
      this.#reading.delete(key);
    }
  }

  #dropOldest(): void {
    let kept = 0;
    let keptBytes = 0;
    for (const [key, { sizeBytes }] of [...this.#known].toReversed()) {
      kept += 1;
      keptBytes += sizeBytes + 2 * key.length;
      if (kept > KEPT_MAX || keptBytes > this.#keptBytesMax) this.#known.delete(key);
    }
  }
}
