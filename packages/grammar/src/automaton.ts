import { GrammarError } from './grammar-error.ts';
import { leastBytes } from './least-bytes.ts';
import { afterFirst, type Node } from './node.ts';
import type { Work } from './work.ts';

/** What remains to be matched after a node: a linked list of nodes. Equal lists are shared. */
type Rest = {
  readonly id: number;
  readonly head: Node | undefined;
  readonly tail: Rest | undefined;
  /**
   * The lists that are one node longer than this one. Most lists have one at most, so a map is made
   * only for the second.
   */
  longer: Rest | Map<Node, Rest> | undefined;
  /** The leaves that lead to this list, by their bytes. Stored like `longer`. */
  leaves: Leaf | Map<number, Leaf> | undefined;
  /** The leaves reachable from here, and whether the text may end here. Set when first needed. */
  opened: Opened | undefined;
  /** This list with its large counts replaced by unbounded ones. Set when first needed. */
  endless: Rest | undefined;
};
type Opened = { readonly leaves: readonly Leaf[]; readonly ends: boolean; readonly steps: number };
type Leaf = {
  readonly id: number;
  readonly from: number;
  readonly to: number;
  readonly rest: Rest;
};

/** Everything that may follow the text so far. Equal states are shared. */
export type State = {
  readonly leaves: readonly Leaf[];
  /** Whether the text may end here. */
  readonly ends: boolean;
  /** By byte; null where no text continues with it. */
  readonly edges: (Edge | null | undefined)[];
};

/**
 * A transition from one state to the next. `steps` is the work to find it, the same whether or not
 * it was found before; `seenBy` lets a caller count the edge once.
 */
export type Edge = { readonly to: State; readonly steps: number; seenBy: number };

const SPACE = 0x20;
/** A grammar is refused if more leaves than this are possible at once. */
const LEAVES_MAX = 2_048;
/** Nodes visited to find the leaves of one list. */
const OPENED_MAX = 16_384;
/** About 10 MB. The work limit of one answer bounds how much it adds. */
const STATES_LARGE = 5_000;
const RESTS_LARGE = 50_000;
/** Measured: most of a state is its list of edges. */
const STATE_BYTES = 2_000;
const REST_BYTES = 150;
const LEAF_BYTES = 80;
/** Leaves that can be compared with a byte in one step of work. */
const LEAVES_PER_STEP = 4;

/**
 * Follows a text through a grammar, byte by byte. This is a deterministic automaton whose states
 * are created only when a text reaches them. What may follow is a list of nodes; a rule makes the
 * list longer, so recursion needs no separate stack. A repetition is a node that counts down, so
 * `{0,1000}` costs only the repetitions that are used.
 *
 * The nodes without a finite text (`findEmpty`) are never entered, so every state can reach the end.
 */
export class Automaton {
  /**
   * The tokenizer may write one space before the text, and that space is not shown. So a text may
   * begin with one more space than the grammar allows, and must do so if the grammar itself begins
   * with a space.
   */
  readonly start: State;
  readonly #end: Rest = newRest(0, undefined, undefined);
  readonly #field: string;
  /** The nodes that are never entered. */
  readonly empty: ReadonlySet<Node>;
  readonly #states = new Map<string, State>();
  readonly #repeats = new Map<Node, Map<string, Node>>();
  readonly #least = new WeakMap<Node, number>();
  #rests = 0;
  #leaves = 0;

  /** `field` is the field of the request that errors name. `empty` may not hold the root. */
  constructor(root: Node, field: string, empty: ReadonlySet<Node> = new Set()) {
    this.#field = field;
    this.empty = empty;
    const whole = this.#before(root, this.#end);
    const { leaves, ends } = this.#open(whole);
    const withoutSpace = leaves.flatMap(({ from, to, rest }) => [
      ...(from < SPACE ? [this.#leaf(from, Math.min(to, SPACE - 1), rest)] : []),
      ...(to > SPACE ? [this.#leaf(Math.max(from, SPACE + 1), to, rest)] : []),
    ]);
    this.start = this.#intern([this.#leaf(SPACE, SPACE, whole), ...withoutSpace], ends);
  }

  /** Whether so much is stored that the next answer should begin with a new automaton. */
  get isLarge(): boolean {
    return this.#states.size > STATES_LARGE || this.#rests > RESTS_LARGE;
  }

  /** An estimate of the memory that the states and lists found so far hold, without the nodes. */
  get sizeBytes(): number {
    return this.#states.size * STATE_BYTES + this.#rests * REST_BYTES + this.#leaves * LEAF_BYTES;
  }

  /** Undefined if no text of the grammar continues with this byte. */
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
   * A state that allows the same next `bytes` bytes; use the same number throughout one automaton.
   * Counts that cannot run out within that distance become unbounded, so a string of at most 1,000
   * characters has the same horizon after 5 characters and after 6.
   */
  horizon(state: State, bytes: number): State {
    return this.#intern(
      state.leaves.map(({ from, to, rest }) => this.#leaf(from, to, this.#endless(rest, bytes))),
      state.ends,
    );
  }

  /**
   * Iterative, because a list may be as long as a schema's text, which would overflow the stack.
   */
  #endless(rest: Rest, bytes: number): Rest {
    const heads: Rest[] = [];
    let at: Rest = rest;
    for (; at.tail && !at.endless; at = at.tail) heads.push(at);
    let endless = at.endless ?? at;
    for (const longer of heads.toReversed()) {
      const { head } = longer;
      if (!head) continue;
      if (head.kind === 'repeat') {
        const each = Math.max(1, this.#leastBytes(head.item));
        const max = head.max * each > bytes ? Number.POSITIVE_INFINITY : head.max;
        const count = this.#repeat(head.item, Math.min(head.min, Math.ceil(bytes / each)), max);
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

  /**
   * Visits every node that consumes no byte. A loop of such nodes stops at a list that was visited
   * before.
   */
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
          for (const option of head.options) {
            if (!this.empty.has(option)) follow(this.#before(option, tail));
          }
          break;
        case 'repeat':
          if (head.min <= 0) follow(tail);
          if (head.max > 0 && !this.empty.has(head.item)) {
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

  #leastBytes(item: Node): number {
    const known = this.#least.get(item) ?? leastBytes(item);
    this.#least.set(item, known);
    return known;
  }

  #tooManyWays(): GrammarError {
    return new GrammarError(
      this.#field,
      'can match in too many ways at once. Simplify nested repetitions',
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

/**
 * The state after `bytes`, or undefined if the text may not continue with them. Spends the steps of
 * each edge.
 */
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
