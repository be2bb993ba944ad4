import { GrammarError } from './grammar-error.ts';
import { afterFirst, type Node } from './node.ts';
import type { Work } from './work.ts';

/** What is left to match once a node is behind: a list of nodes, shared wherever it is the same. */
type Rest = {
  readonly id: number;
  readonly head: Node | undefined;
  readonly tail: Rest | undefined;
  /** Those that are longer by one node: mostly one, and then no map is made. */
  longer: Rest | Map<Node, Rest> | undefined;
  /** The leaves that lead here, by their bytes, likewise. */
  leaves: Leaf | Map<number, Leaf> | undefined;
  /** The rests that begin with a byte, and whether the text may end here; once they are known. */
  opened: Opened | undefined;
  /** This rest with its long counts as good as endless; once it is known. */
  endless: Rest | undefined;
};
type Opened = { readonly leaves: readonly Leaf[]; readonly ends: boolean; readonly steps: number };
type Leaf = {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly rest: Rest;
};

/** All that the text so far may go on with. States are shared wherever they are the same. */
export type State = {
  readonly leaves: readonly Leaf[];
  /** Whether the text may end here. */
  readonly ends: boolean;
  /** By byte; null where nothing goes on. */
  readonly edges: (Edge | null | undefined)[];
};

/**
 * A byte's way from one state to the next. `steps` is what it costs to find, the same whether it was
 * found before or not; `seenBy` is for those who count it once.
 */
export type Edge = { readonly to: State; readonly steps: number; seenBy: number };

const SPACE = 0x20;
/** A pattern with more open ends at once is not followed. */
const LEAVES_MAX = 2_048;
/** Nodes that take no byte, looked through to find the ends of one rest. */
const OPENED_MAX = 16_384;
/** Up to 10 MB. One answer adds no more than its work lets it. */
const STATES_LARGE = 5_000;
const RESTS_LARGE = 50_000;
/** Leaves compared with a byte in the time that one step stands for. */
const LEAVES_PER_STEP = 4;

/**
 * Follows a text through a grammar, byte by byte. It is a deterministic automaton of which only the
 * states that a text reaches are ever made: what can follow is kept as a list of nodes, which a rule
 * may make longer, so recursion needs nothing more; and a count is a node that counts down, so
 * `{0,1000}` costs what is used of it.
 *
 * No node may be without a finite text (`findEmpty`): then every state has a way to the end.
 */
export class Automaton {
  /**
   * Of one space at the front nothing is shown, as the tokenizer may have written it: a text may begin
   * with one more than the grammar says, and must where the grammar begins with one itself.
   */
  readonly start: State;
  readonly #end: Rest = newRest(0, undefined, undefined);
  readonly #place: string;
  readonly #states = new Map<string, State>();
  readonly #repeats = new Map<Node, Map<string, Node>>();
  #rests = 0;
  #leaves = 0;

  /** `place` names the grammar where it cannot be followed. */
  constructor(root: Node, place: string) {
    this.#place = place;
    const whole = this.#before(root, this.#end);
    const { leaves, ends } = this.#open(whole);
    const withoutSpace = leaves.flatMap(({ from, to, rest }) => [
      ...(from < SPACE ? [this.#leaf(from, Math.min(to, SPACE - 1), rest)] : []),
      ...(to > SPACE ? [this.#leaf(Math.max(from, SPACE + 1), to, rest)] : []),
    ]);
    this.start = this.#intern([this.#leaf(SPACE, SPACE, whole), ...withoutSpace], ends);
  }

  /** Whether so much is remembered that the next answer had better begin with a fresh one. */
  get isLarge(): boolean {
    return this.#states.size > STATES_LARGE || this.#rests > RESTS_LARGE;
  }

  /** Undefined where no text of the grammar goes on with this byte. */
  next(state: State, byte: number): Edge | undefined {
    const known = state.edges[byte];
    if (known !== undefined) return known ?? undefined;

    const rests: Rest[] = [];
    for (const { from, to, rest } of state.leaves) {
      if (byte >= from && byte <= to) rests.push(rest);
    }
    const edge = rests.length > 0 ? this.#edgeTo(rests, state.leaves.length) : null;
    state.edges[byte] = edge;
    return edge ?? undefined;
  }

  /**
   * A state that goes on alike for `bytes` bytes, always the same number of one automaton: counts that
   * cannot run out by then are as good as endless, so that a string of at most 1,000 characters is the
   * same after 5 of them and after 6.
   */
  horizon(state: State, bytes: number): State {
    return this.#intern(
      state.leaves.map(({ from, to, rest }) => this.#leaf(from, to, this.#endless(rest, bytes))),
      state.ends,
    );
  }

  /** By a loop and not by itself: a rest may be as long as a schema's text, and the stack is not. */
  #endless(rest: Rest, bytes: number): Rest {
    const heads: Rest[] = [];
    let at: Rest = rest;
    for (; at.tail && !at.endless; at = at.tail) heads.push(at);
    let endless = at.endless ?? at;
    for (const longer of heads.toReversed()) {
      const { head } = longer;
      if (!head) continue;
      if (head.kind === 'repeat') {
        const max = head.max > bytes ? Number.POSITIVE_INFINITY : head.max;
        const count = this.#repeat(head.item, Math.min(head.min, bytes), max);
        endless = this.#before(count, endless);
      } else {
        endless = this.#before(head, endless);
      }
      longer.endless = endless;
    }
    return endless;
  }

  #edgeTo(rests: readonly Rest[], leavesBefore: number): Edge {
    const leaves = new Set<Leaf>();
    let ends = false;
    let steps = 1 + Math.ceil(leavesBefore / LEAVES_PER_STEP);
    for (const rest of rests) {
      const opened = this.#open(rest);
      ends ||= opened.ends;
      steps += opened.steps;
      for (const leaf of opened.leaves) leaves.add(leaf);
      if (leaves.size > LEAVES_MAX) throw this.#tooManyWays();
    }
    return { to: this.#intern([...leaves], ends), steps, seenBy: 0 };
  }

  #intern(leaves: readonly Leaf[], ends: boolean): State {
    const ids = Uint32Array.from(leaves, ({ id }) => id);
    const key = `${ends ? '' : '-'}${(ids.length > 1 ? ids.toSorted() : ids).join()}`;
    const known = this.#states.get(key);
    if (known) return known;

    const state: State = { leaves: [...new Set(leaves)], ends, edges: [] };
    this.#states.set(key, state);
    return state;
  }

  /** Looks through everything that takes no byte. A loop without one comes back to what is seen. */
  #open(rest: Rest): Opened {
    if (rest.opened) return rest.opened;
    const leaves: Leaf[] = [];
    const seen = new Set<Rest>([rest]);
    const open = [rest];
    let ends = false;
    const follow = (next: Rest) => {
      if (seen.has(next)) return;
      seen.add(next);
      open.push(next);
    };
    for (let at = open.pop(); at; at = open.pop()) {
      if (seen.size > OPENED_MAX || leaves.length > LEAVES_MAX) throw this.#tooManyWays();
      const { head, tail } = at;
      if (!head || !tail) {
        ends = true;
        continue;
      }
      switch (head.kind) {
        case 'empty':
          follow(tail);
          break;
        case 'byte':
          leaves.push(this.#leaf(head.from, head.to, tail));
          break;
        case 'text': {
          const byte = head.bytes[head.at] ?? 0;
          leaves.push(this.#leaf(byte, byte, this.#before(afterFirst(head), tail)));
          break;
        }
        case 'pair':
          follow(this.#before(head.first, this.#before(head.second, tail)));
          break;
        case 'choice':
          for (const option of head.options) follow(this.#before(option, tail));
          break;
        case 'repeat':
          if (head.min <= 0) follow(tail);
          if (head.max > 0) {
            const again = this.#repeat(head.item, Math.max(0, head.min - 1), head.max - 1);
            follow(this.#before(head.item, this.#before(again, tail)));
          }
          break;
        case 'rule':
          follow(this.#before(head.open(), tail));
          break;
      }
    }
    rest.opened = { leaves, ends, steps: seen.size };
    return rest.opened;
  }

  #before(head: Node, tail: Rest): Rest {
    if (head.kind === 'empty') return tail;
    const { longer } = tail;
    const known = longer instanceof Map ? longer.get(head) : longer;
    if (known?.head === head) return known;
    this.#rests += 1;
    const rest = newRest(this.#rests, head, tail);
    if (longer instanceof Map) longer.set(head, rest);
    else if (longer?.head) tail.longer = new Map([[longer.head, longer]]).set(head, rest);
    else tail.longer = rest;
    return rest;
  }

  #leaf(from: number, to: number, rest: Rest): Leaf {
    const { leaves } = rest;
    const known = leaves instanceof Map ? leaves.get(bytesKey(from, to)) : leaves;
    if (known && known.from === from && known.to === to) return known;
    this.#leaves += 1;
    const leaf: Leaf = { id: this.#leaves, from, to, rest };
    if (leaves instanceof Map) leaves.set(bytesKey(from, to), leaf);
    else if (leaves) {
      rest.leaves = new Map([[bytesKey(leaves.from, leaves.to), leaves]]).set(
        bytesKey(from, to),
        leaf,
      );
    } else rest.leaves = leaf;
    return leaf;
  }

  #repeat(item: Node, min: number, max: number): Node {
    const counts = this.#repeats.get(item) ?? new Map<string, Node>();
    this.#repeats.set(item, counts);
    const key = `${min},${max}`;
    const known = counts.get(key) ?? { kind: 'repeat', item, min, max };
    counts.set(key, known);
    return known;
  }

  #tooManyWays(): GrammarError {
    return new GrammarError(
      this.#place,
      'can be read in too many ways at once to be followed. Make repetitions inside repetitions simpler',
    );
  }
}

function bytesKey(from: number, to: number): number {
  return from * 256 + to;
}

function newRest(id: number, head: Node | undefined, tail: Rest | undefined): Rest {
  return {
    id,
    head,
    tail,
    longer: undefined,
    leaves: undefined,
    opened: undefined,
    endless: undefined,
  };
}

/** Whether the text may go on with these bytes: the state behind them. Each edge's steps are spent. */
export function follow(
  automaton: Automaton,
  from: State,
  bytes: Uint8Array,
  work: Work,
): State | undefined {
  let state = from;
  for (const byte of bytes) {
    const edge = automaton.next(state, byte);
    if (!edge) return undefined;
    work.spend(edge.steps);
    state = edge.to;
  }
  return state;
}
