import {
  type Automaton,
  follow,
  openGrammar,
  type OutputGrammar,
  FIELD_OF,
  type State,
  Work,
} from '@runfleet/grammar';

import { bytesOf, type Vocabulary } from './vocabulary.ts';

/** A bit per token, the first in the lowest place, the steps of the walk that found it, and whose it is. */
export type Mask = { readonly tokens: Int32Array; readonly steps: number; readonly horizon: State };

/** One walk: some 50 ms. Others' answers under a grammar wait as long. */
const MASK_STEPS_MAX = 2_000_000;
/** Masks are 4 kB each at Phi's size. */
const MASKS_MAX = 500;

/**
 * Which tokens may come next, so that an answer matches its grammar from the first character to the
 * last. A mask is found by one walk over the vocabulary and kept for everybody who is in that state
 * again, in this answer or in another.
 */
export class Grammar {
  readonly automaton: Automaton;
  /** What it took to read it. */
  readonly steps: number;
  readonly field: string;
  readonly #vocabulary: Vocabulary;
  /** By horizon; the one that was asked for last is the last. */
  readonly #masks = new Map<State, Mask>();
  readonly #horizons = new WeakMap<State, State>();
  #walks = 0;

  /** Throws `GrammarError` where the grammar cannot be followed. */
  constructor(given: OutputGrammar, vocabulary: Vocabulary) {
    const { automaton, steps } = openGrammar(given);
    this.automaton = automaton;
    this.steps = steps;
    this.field = FIELD_OF[given.kind];
    this.#vocabulary = vocabulary;
  }

  /** The state after a token, whose steps are spent; undefined where it is not allowed. */
  next(state: State, id: number, work: Work): State | undefined {
    return follow(this.automaton, state, bytesOf(this.#vocabulary, id), work);
  }

  /** Throws `GrammarError` where that takes too much work. */
  maskOf(state: State): Mask {
    const { depth } = this.#vocabulary;
    const horizon = this.#horizons.get(state) ?? this.automaton.horizon(state, depth);
    this.#horizons.set(state, horizon);
    const mask = this.#masks.get(horizon) ?? this.#walk(horizon);
    this.#masks.delete(horizon);
    this.#masks.set(horizon, mask);
    const [oldest] = this.#masks.keys();
    if (this.#masks.size > MASKS_MAX && oldest) this.#masks.delete(oldest);
    return mask;
  }

  #walk(start: State): Mask {
    const { automaton } = this;
    const { bytes, firstChild, firstToken, tokens, stopIds, maskWords } = this.#vocabulary;
    const work = new Work(MASK_STEPS_MAX, 'find which tokens may come next', this.field);
    const mask = new Int32Array(maskWords);
    const allow = (id: number) => {
      mask[id >> 5] = (mask[id >> 5] ?? 0) | (1 << (id & 31));
    };
    if (start.ends) for (const id of stopIds) allow(id);

    this.#walks += 1;
    const nodes = [0];
    const states = [start];
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const state = states.pop() ?? start;
      const first = firstChild[node] ?? 0;
      const end = firstChild[node + 1] ?? 0;
      work.spend(end - first);
      for (let child = first; child < end; child += 1) {
        const edge = automaton.next(state, bytes[child] ?? 0);
        if (!edge) continue;
        // In each walk again, whether it was found before or not: what an answer costs must not depend on others.
        if (edge.seenBy !== this.#walks) {
          edge.seenBy = this.#walks;
          work.spend(edge.steps);
        }
        const lastToken = firstToken[child + 1] ?? 0;
        for (let at = firstToken[child] ?? 0; at < lastToken; at += 1) allow(tokens[at] ?? 0);
        if ((firstChild[child] ?? 0) === (firstChild[child + 1] ?? 0)) continue;
        nodes.push(child);
        states.push(edge.to);
      }
    }
    return { tokens: mask, steps: work.spent, horizon: start };
  }
}
