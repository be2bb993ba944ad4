import { EngineError } from '../engine-error.ts';
import type { Node } from './node.ts';

/** What is left to match once a node is behind: a list of nodes, shared wherever it is the same. */
type Rest = {
  readonly id: number;
  readonly head: Node | undefined;
  readonly tail: Rest | undefined;
  readonly longer: Map<Node, Rest>;
  /** The rests that begin with a byte, and whether the text may end here; once they are known. */
  opened: Opened | undefined;
  /** The state of this rest alone, which most bytes lead to. */
  state: State | undefined;
};
type Opened = { readonly leaves: readonly Leaf[]; readonly ends: boolean };
type Leaf = { readonly from: number; readonly to: number; readonly rest: Rest };

/** All that the text so far may go on with. States are shared wherever they are the same. */
export type State = {
  readonly leaves: readonly Leaf[];
  /** Whether the text may end here. */
  readonly ends: boolean;
  readonly next: (State | null | undefined)[];
};

const SPACE = 0x20;
/** A pattern with more open ends at once is not followed. */
const LEAVES_MAX = 2_048;
/** Ends looked at in one step, some 50 ms: others wait meanwhile. */
const WORK_MAX = 5_000_000;
/** Up to 10 MB. One answer adds no more than its length lets it. */
const STATES_LARGE = 5_000;
const RESTS_LARGE = 50_000;

/**
 * Follows a text through a grammar, byte by byte. It is a deterministic automaton of which only the
 * states that a text reaches are ever made: what can follow is kept as a list of nodes, which a rule
 * may make longer, so recursion needs nothing more; and a count is a node that counts down, so
 * `{0,1000}` costs what is used of it.
 */
export class Automaton {
  /**
   * Of one space at the front nothing is shown, as the tokenizer may have written it: a text may begin
   * with one more than the grammar says, and must where the grammar begins with one itself.
   */
  readonly start: State;
  readonly #end: Rest = {
    id: 0,
    head: undefined,
    tail: undefined,
    longer: new Map(),
    opened: undefined,
    state: undefined,
  };
  readonly #states = new Map<string, State>();
  readonly #repeats = new Map<Node, Map<string, Node>>();
  #rests = 0;
  #work = 0;

  constructor(root: Node) {
    const whole = this.#before(root, this.#end);
    const { leaves, ends } = this.#open(whole);
    const withoutSpace = leaves.flatMap(({ from, to, rest }) => [
      { from, to: Math.min(to, SPACE - 1), rest },
      { from: Math.max(from, SPACE + 1), to, rest },
    ]);
    this.start = this.#intern(
      [
        { from: SPACE, to: SPACE, rest: whole },
        ...withoutSpace.filter(({ from, to }) => from <= to),
      ],
      ends,
    );
  }

  /** Whether so much is remembered that the next answer had better begin anew. */
  get isLarge(): boolean {
    return this.#states.size > STATES_LARGE || this.#rests > RESTS_LARGE;
  }

  /** Begins a step of an answer, in which `next` throws `EngineError('input')` once it has looked at too much. */
  beginStep(): void {
    this.#work = 0;
  }

  /** Undefined where no text of the grammar goes on with this byte. */
  next(state: State, byte: number): State | undefined {
    const known = state.next[byte];
    if (known !== undefined) return known ?? undefined;

    this.#spend(state.leaves.length);
    const rests: Rest[] = [];
    for (const { from, to, rest } of state.leaves) {
      if (byte >= from && byte <= to) rests.push(rest);
    }
    const [only] = rests;
    const reached =
      rests.length > 1 ? this.#stateOf(rests) : only ? this.#stateAt(only) : undefined;
    const isDead = !reached || (reached.leaves.length === 0 && !reached.ends);
    state.next[byte] = isDead ? null : reached;
    return isDead ? undefined : reached;
  }

  /**
   * A state that goes on alike for `bytes` bytes: counts that cannot run out by then are as good as
   * endless, so that a string of at most 1,000 characters is the same after 5 of them and after 6.
   */
  horizon(state: State, bytes: number): State {
    return this.#intern(
      state.leaves.map(({ from, to, rest }) => ({ from, to, rest: this.#clamp(rest, bytes) })),
      state.ends,
    );
  }

  #spend(work: number): void {
    this.#work += work;
    if (this.#work > WORK_MAX) throw tooManyWays();
  }

  /** By a loop and not by itself: a rest may be as long as a schema's text, and the stack is not. */
  #clamp(rest: Rest, bytes: number): Rest {
    const heads: Node[] = [];
    for (let at: Rest | undefined = rest; at?.head; at = at.tail) heads.push(at.head);
    return heads.reduceRight((tail, head) => {
      if (head.kind !== 'repeat') return this.#before(head, tail);
      const max = head.max > bytes ? Number.POSITIVE_INFINITY : head.max;
      return this.#before(this.#repeat(head.item, Math.min(head.min, bytes), max), tail);
    }, this.#end);
  }

  #stateAt(rest: Rest): State {
    rest.state ??= this.#stateOf([rest]);
    return rest.state;
  }

  #stateOf(rests: readonly Rest[]): State {
    const leaves: Leaf[] = [];
    const seen = new Set<Leaf>();
    let ends = false;
    for (const rest of rests) {
      const opened = this.#open(rest);
      ends ||= opened.ends;
      this.#spend(opened.leaves.length);
      for (const leaf of opened.leaves) {
        if (seen.has(leaf)) continue;
        seen.add(leaf);
        leaves.push(leaf);
      }
      if (leaves.length > LEAVES_MAX) throw tooManyWays();
    }
    return this.#intern(leaves, ends);
  }

  #intern(leaves: readonly Leaf[], ends: boolean): State {
    const keys = leaves.map(({ from, to, rest }) => `${rest.id}:${from}-${to}`);
    const key = `${ends}|${[...new Set(keys)].toSorted().join()}`;
    const known = this.#states.get(key);
    if (known) return known;

    const state: State = { leaves, ends, next: [] };
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
      if (seen.size > LEAVES_MAX) throw tooManyWays();
      const { head, tail } = at;
      if (!head || !tail) {
        ends = true;
        continue;
      }
      switch (head.kind) {
        case 'byte':
          leaves.push({ from: head.from, to: head.to, rest: tail });
          break;
        case 'sequence':
          follow(head.items.reduceRight((behind, item) => this.#before(item, behind), tail));
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
    rest.opened = { leaves, ends };
    return rest.opened;
  }

  #before(head: Node, tail: Rest): Rest {
    const known = tail.longer.get(head);
    if (known) return known;
    this.#rests += 1;
    const rest: Rest = {
      id: this.#rests,
      head,
      tail,
      longer: new Map(),
      opened: undefined,
      state: undefined,
    };
    tail.longer.set(head, rest);
    return rest;
  }

  #repeat(item: Node, min: number, max: number): Node {
    const counts = this.#repeats.get(item) ?? new Map<string, Node>();
    this.#repeats.set(item, counts);
    const key = `${min},${max}`;
    const known = counts.get(key) ?? { kind: 'repeat', item, min, max };
    counts.set(key, known);
    return known;
  }
}

function tooManyWays(): EngineError {
  return new EngineError(
    'input',
    'The grammar can be read in too many ways at once to be followed. Make repetitions inside repetitions simpler.',
  );
}
