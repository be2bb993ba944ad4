import {
  type Automaton,
  follow,
  FIELD_OF,
  openGrammar,
  openingWork,
  type OutputGrammar,
  type State,
  Work,
} from '@runfleet/grammar';

import { finish, type Slices } from './slices.ts';
import { bytesOf, type Vocabulary } from './vocabulary.ts';

/**
 * One bit per token, the lowest bit first; the steps of the walk that built it; and the horizon it
 * belongs to.
 */
export type Mask = { readonly tokens: Int32Array; readonly steps: number; readonly horizon: State };

const SPACE = 0x20;
/** One walk: about 50 ms. Other answers under a grammar wait for it. */
const MASK_STEPS_MAX = 2_000_000;
/** About 1 ms. */
const SLICE_STEPS = 30_000;
/** A mask takes 4 KB for 32,064 tokens. */
const MASKS_MAX = 500;
/** Measured by `measure-grammars`: the nodes that a step of reading leaves behind. */
const STEP_BYTES = 100;
/** Of one mask, in addition to its bits. */
const MASK_BYTES = 200;

/**
 * Which tokens may come next for an answer to match its grammar. A mask is built by one walk over
 * the vocabulary and kept for every later visit to an equal state, by this answer or another.
 */
export class Grammar {
  readonly automaton: Automaton;
  /** Where an answer begins. */
  readonly start: State;
  /** Steps of work to read the grammar. */
  readonly steps: number;
  readonly field: string;
  readonly #vocabulary: Vocabulary;
  /** By horizon, the most recently used last. */
  readonly #masks = new Map<State, Mask>();
  readonly #horizons = new WeakMap<State, State>();
  #walks = 0;
  #isWalking = false;

  /**
   * Throws `GrammarError` if the grammar cannot be enforced. `onPause` is called about every
   * millisecond until then.
   */
  constructor(given: OutputGrammar, vocabulary: Vocabulary, onPause?: () => void) {
    const { automaton, steps } = openGrammar(given, openingWork(given, onPause));
    this.automaton = automaton;
    const { start } = automaton;
    // A space that no tokenizer adds would be part of the answer.
    this.start = vocabulary.addsSpace ? start : (automaton.next(start, SPACE)?.to ?? start);
    this.steps = steps;
    this.field = FIELD_OF[given.kind];
    this.#vocabulary = vocabulary;
  }

  /** An estimate of the memory that it holds. */
  get sizeBytes(): number {
    const maskBytes = Int32Array.BYTES_PER_ELEMENT * this.#vocabulary.maskWords;
    return (
      this.steps * STEP_BYTES +
      this.automaton.sizeBytes +
      this.#masks.size * (maskBytes + MASK_BYTES)
    );
  }

  /**
   * The state after a token, or undefined if the token is not allowed. Spends the steps of each
   * edge.
   */
  next(state: State, id: number, work: Work): State | undefined {
    return follow(this.automaton, state, bytesOf(this.#vocabulary, id), work);
  }

  /** Throws `GrammarError` if the mask takes too much work. */
  maskOf(state: State): Mask {
    return finish(this.maskInSlices(state));
  }

  /** The same in slices of a millisecond, so that masks of other grammars are built in between. */
  *maskInSlices(state: State): Slices<Mask> {
    // An edge counts once per walk, so there is one walk at a time. The mask may be this one.
    while (this.#isWalking) yield;
    const { depth } = this.#vocabulary;
    const horizon = this.#horizons.get(state) ?? this.automaton.horizon(state, depth);
    this.#horizons.set(state, horizon);
    const mask = this.#masks.get(horizon) ?? (yield* this.#walkAlone(horizon));
    this.#masks.delete(horizon);
    this.#masks.set(horizon, mask);
    const [oldest] = this.#masks.keys();
    if (this.#masks.size > MASKS_MAX && oldest) this.#masks.delete(oldest);
    return mask;
  }

  *#walkAlone(start: State): Slices<Mask> {
    this.#isWalking = true;
    try {
      return yield* this.#walk(start);
    } finally {
      this.#isWalking = false;
    }
  }

  *#walk(start: State): Slices<Mask> {
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
    let sliceEnd = SLICE_STEPS;
    for (let node = nodes.pop(); node !== undefined; node = nodes.pop()) {
      const state = states.pop() ?? start;
      const first = firstChild[node] ?? 0;
      const end = firstChild[node + 1] ?? 0;
      work.spend(end - first);
      if (work.spent > sliceEnd) {
        sliceEnd = work.spent + SLICE_STEPS;
        yield;
      }
      for (let child = first; child < end; child += 1) {
        const edge = automaton.next(state, bytes[child] ?? 0);
        if (!edge) continue;
        // Each walk pays for an edge once, even if it was found before: the cost of an answer must
        // not depend on others.
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
