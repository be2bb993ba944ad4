import { Automaton, type State } from './automaton.ts';
import { GrammarError } from './grammar-error.ts';
import { byte, choice, EMPTY, type Node, NOTHING, repeat, sequence } from './node.ts';
import { ALL_CHARACTERS, character } from './regex/characters.ts';
import type { Work } from './work.ts';

/** A text must match `node`, or must not. */
export type TextLimit = { readonly node: Node; readonly isExcluded: boolean };
/** In characters. */
export type Lengths = { readonly min: number; readonly max: number };

const STATES_MAX = 20_000;
const ANY_TEXT: Node = repeat(character(ALL_CHARACTERS), 0, Number.POSITIVE_INFINITY);

/** How a byte of ASCII is written; undefined if it cannot be. */
export type WriteByte = (code: number) => Node | undefined;

/**
 * The texts that keep all limits: the product of their automata, in which only the states remain
 * from which a text can end. `NOTHING` if there is none. The nodes of `limits` are over plain
 * characters; `write` gives the form of each in the answer.
 */
export function textProduct(
  limits: readonly TextLimit[],
  lengths: Lengths,
  { write, work }: { write: WriteByte; work: Work },
): Node {
  const { field } = work;
  const automata = [{ node: ANY_TEXT, isExcluded: false }, ...limits].map(
    ({ node, isExcluded }) => ({ automaton: new Automaton(node, field), isExcluded }),
  );
  const countMax = Number.isFinite(lengths.max) ? lengths.max : lengths.min;
  const ids = new Map<State, number>();
  const spots = new Map<string, Spot>();
  const open: Spot[] = [];
  const start = spotOf(
    automata.map(({ automaton }) => automaton.next(automaton.start, SPACE)?.to),
    0,
  );
  for (let spot = open.pop(); spot; spot = open.pop()) follow(spot);
  return start ? toNode(start, [...spots.values()], { write, field }) : NOTHING;

  /** Undefined if no text of this spot keeps the limits. */
  function spotOf(states: readonly (State | undefined)[], count: number): Spot | undefined {
    if (count > lengths.max) return undefined;
    const counted = Math.min(count, countMax);
    const key = `${counted},${states.map(idOf).join()}`;
    const known = spots.get(key);
    if (known) return known;
    if (automata.some(({ isExcluded }, at) => !isExcluded && !states[at])) return undefined;
    if (spots.size >= STATES_MAX) {
      throw new GrammarError(field, `needs more than ${STATES_MAX} states beside its other limits`);
    }
    const ends =
      counted >= lengths.min &&
      automata.every(({ isExcluded }, at) => (states[at]?.ends ?? false) !== isExcluded);
    const spot: Spot = { states, count: counted, ends, edges: [], isFull: ends, before: [] };
    spots.set(key, spot);
    open.push(spot);
    return spot;
  }

  function follow(spot: Spot): void {
    const cuts = new Set([0]);
    for (const state of spot.states) {
      for (const { from, to } of state?.leaves ?? []) cuts.add(from).add(to + 1);
    }
    const starts = [...cuts].toSorted((left, right) => left - right);
    work.spend(starts.length * automata.length);
    for (const [index, from] of starts.entries()) {
      const to = (starts[index + 1] ?? BYTES) - 1;
      if (from > to) continue;
      const states = automata.map(({ automaton }, at) => {
        const state = spot.states[at];
        const edge = state && automaton.next(state, from);
        work.spend(edge?.steps ?? 0);
        return edge?.to;
      });
      // In UTF-8 every byte but the first of a character has these lead bits.
      const isStart = (from & 0xc0) !== 0x80;
      const next = spotOf(states, spot.count + (isStart ? 1 : 0));
      if (next) spot.edges.push({ from, to, next });
    }
  }

  function idOf(state: State | undefined): number {
    if (!state) return 0;
    const id = ids.get(state) ?? ids.size + 1;
    ids.set(state, id);
    return id;
  }
}

const SPACE = 0x20;
const BYTES = 256;
const ASCII = 128;

type Spot = {
  readonly states: readonly (State | undefined)[];
  readonly count: number;
  readonly ends: boolean;
  readonly edges: { from: number; to: number; next: Spot }[];
  /** Whether a text that is here can end. */
  isFull: boolean;
  readonly before: Spot[];
};

function toNode(
  start: Spot,
  spots: readonly Spot[],
  { write, field }: { write: WriteByte; field: string },
): Node {
  const written = new Map<Spot, { spelled: Node; next: Spot }[]>();
  for (const spot of spots) {
    const edges = spot.edges.flatMap(({ from, to, next }) =>
      spell(from, to, write).map((spelled) => ({ spelled, next })),
    );
    written.set(spot, edges);
    for (const { next } of edges) next.before.push(spot);
  }
  const full = spots.filter(({ isFull }) => isFull);
  for (let spot = full.pop(); spot; spot = full.pop()) {
    for (const before of spot.before) {
      if (before.isFull) continue;
      before.isFull = true;
      full.push(before);
    }
  }
  if (!start.isFull) return NOTHING;

  const nodes = new Map<Spot, Node>();
  const rules = new Map(
    spots.map((spot): [Spot, Node] => [
      spot,
      { kind: 'rule', open: () => nodes.get(spot) ?? EMPTY, field },
    ]),
  );
  for (const spot of spots) {
    const options = (written.get(spot) ?? [])
      .filter(({ next }) => next.isFull)
      .map(({ spelled, next }) => sequence(spelled, rules.get(next) ?? EMPTY));
    nodes.set(spot, choice(...(spot.ends ? [EMPTY] : []), ...options));
  }
  return rules.get(start) ?? NOTHING;
}

/** The bytes of a range as they are written. Those that need no escape stay together. */
function spell(from: number, to: number, write: WriteByte): Node[] {
  const nodes: Node[] = [];
  let plain = from;
  for (let code = from; code <= Math.min(to, ASCII - 1); code += 1) {
    const spelled = write(code);
    if (spelled?.kind === 'byte' && spelled.from === code) continue;
    if (plain < code) nodes.push(byte(plain, code - 1));
    if (spelled) nodes.push(spelled);
    plain = code + 1;
  }
  if (plain <= to) nodes.push(byte(plain, to));
  return nodes;
}
