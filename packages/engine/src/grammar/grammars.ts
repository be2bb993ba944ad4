import type { OutputGrammar } from '../engine.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import { Grammar } from './grammar.ts';
import { VocabularyTrie } from './vocabulary-trie.ts';

const GRAMMARS_MAX = 16;

/**
 * The grammars that were asked for last, with the masks they have found. Callers send the same schema
 * again and again, and from the second answer on there is little left to look for.
 */
export class Grammars {
  readonly #model: { tokenizer: Tokenizer; stopIds: ReadonlySet<number> };
  readonly #known = new Map<string, Grammar>();
  #trie: VocabularyTrie | undefined;

  constructor(model: { tokenizer: Tokenizer; stopIds: ReadonlySet<number> }) {
    this.#model = model;
  }

  /** Reads the vocabulary, which takes 0.1 s at Phi's size: better now than with others' answers under way. */
  warmUp(): void {
    this.#openTrie();
  }

  /** Throws `EngineError('input')` where the grammar cannot be followed. */
  open(given: OutputGrammar): Grammar {
    const key = JSON.stringify(given);
    const known = this.#known.get(key);
    const isUsable = known !== undefined && !known.isLarge;
    const grammar = isUsable
      ? known
      : new Grammar(given, { ...this.#model, trie: this.#openTrie() });
    this.#known.delete(key);
    this.#known.set(key, grammar);
    const [oldest] = this.#known.keys();
    if (this.#known.size > GRAMMARS_MAX && oldest !== undefined) this.#known.delete(oldest);
    return grammar;
  }

  #openTrie(): VocabularyTrie {
    this.#trie ??= new VocabularyTrie(this.#model.tokenizer);
    return this.#trie;
  }
}
