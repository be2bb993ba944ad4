import type { OutputGrammar } from '../engine.ts';
import type { Tokenizer } from '../text/tokenizer.ts';
import type { Automaton, State } from './automaton.ts';
import { openAutomaton } from './open-automaton.ts';
import type { VocabularyTrie } from './vocabulary-trie.ts';

/**
 * Which tokens may come next, so that an answer matches its grammar from the first character to the
 * last. A mask is found by one walk over the vocabulary and kept for everybody who is in that state
 * again, in this answer or in another.
 */
export class Grammar {
  readonly #automaton: Automaton;
  readonly #trie: VocabularyTrie;
  readonly #stopIds: ReadonlySet<number>;
  readonly #maskWords: number;
  readonly #masks = new Map<State, Int32Array>();
  readonly #horizons = new Map<State, State>();

  /** Throws `EngineError('input')` where the grammar cannot be followed. */
  constructor(
    given: OutputGrammar,
    model: { trie: VocabularyTrie; tokenizer: Tokenizer; stopIds: ReadonlySet<number> },
  ) {
    this.#automaton = openAutomaton(given);
    this.#trie = model.trie;
    this.#stopIds = model.stopIds;
    const idCount = Math.max(model.tokenizer.idCount, ...[...model.stopIds].map((id) => id + 1));
    this.#maskWords = Math.ceil(idCount / 32);
  }

  /** Whether it has seen so much that a fresh one takes less memory. */
  get isLarge(): boolean {
    return this.#automaton.isLarge;
  }

  get start(): State {
    return this.#automaton.start;
  }

  /** A bit per token, the first in the lowest place. It belongs to the grammar. */
  maskOf(state: State): Int32Array {
    this.#automaton.beginStep();
    const horizon = remember(this.#horizons, state, () =>
      this.#automaton.horizon(state, this.#trie.depth),
    );
    return remember(this.#masks, horizon, () => this.#walk(horizon));
  }

  /** The state after a token; undefined where it is not allowed. */
  next(state: State, bytes: Uint8Array): State | undefined {
    let at: State | undefined = state;
    for (const byte of bytes) {
      if (!at) return undefined;
      at = this.#automaton.next(at, byte);
    }
    return at;
  }

  #walk(start: State): Int32Array {
    const mask = new Int32Array(this.#maskWords);
    const allow = (id: number) => {
      mask[id >> 5] = (mask[id >> 5] ?? 0) | (1 << (id & 31));
    };
    if (start.ends) for (const id of this.#stopIds) allow(id);

    const { bytes, firstChild, firstToken, tokens } = this.#trie;
    const nodes = [0];
    const states = [start];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const state = states.pop() ?? start;
      const lastChild = firstChild[node + 1] ?? 0;
      for (let child = firstChild[node] ?? 0; child < lastChild; child += 1) {
        const next = this.#automaton.next(state, bytes[child] ?? 0);
        if (!next) continue;
        const lastToken = firstToken[child + 1] ?? 0;
        for (let at = firstToken[child] ?? 0; at < lastToken; at += 1) allow(tokens[at] ?? 0);
        if ((firstChild[child] ?? 0) === (firstChild[child + 1] ?? 0)) continue;
        nodes.push(child);
        states.push(next);
      }
    }
    return mask;
  }
}

/** Masks are 4 kB each at Phi's size. */
const REMEMBERED_MAX = 500;

function remember<Value>(known: Map<State, Value>, state: State, find: () => Value): Value {
  const value = known.get(state);
  if (value !== undefined) return value;
  const found = find();
  if (known.size >= REMEMBERED_MAX) known.clear();
  known.set(state, found);
  return found;
}
