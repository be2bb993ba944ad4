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
  for (const { automaton } of automata) work.spend(automaton.start.leaves.length);
  const ids = new Map<State, number>();
  const places = new Map<string, Place>();
  const spots = new Map<string, Spot>();
  const open: Spot[] = [];
  const first = placeOf(
    automata.map(({ automaton }) => automaton.next(automaton.start, SPACE)?.to),
  );
  const start = first && spotOf(first, 0);
  for (let spot = open.pop(); spot; spot = open.pop()) {
    const moves = (spot.place.moves ??= movesFrom(spot.place));
    work.spend(1 + moves.length);
    for (const { from, to, place } of moves) {
      const next = spotOf(place, spot.count + (startsCharacter(from) ? 1 : 0));
      if (next) spot.edges.push({ from, to, next });
    }
  }
  return start ? toNode(start, [...spots.values()], { write, field }) : NOTHING;

  /** Undefined if the text would be too long. */
  function spotOf(place: Place, count: number): Spot | undefined {
    if (count > lengths.max) return undefined;
    const counted = Math.min(count, countMax);
    const key = `${counted},${place.id}`;
    const known = spots.get(key);
    if (known) return known;
    if (spots.size >= STATES_MAX) {
      throw new GrammarError(field, `needs more than ${STATES_MAX} states beside its other limits`);
    }
    const ends = counted >= lengths.min && place.ends;
    const spot: Spot = { place, count: counted, ends, edges: [], isFull: ends, before: [] };
    spots.set(key, spot);
    open.push(spot);
    return spot;
  }

  /** Undefined if the text can no longer match. */
  function placeOf(states: readonly (State | undefined)[]): Place | undefined {
    if (automata.some(({ isExcluded }, at) => !isExcluded && !states[at])) return undefined;
    const key = states.map(idOf).join();
    const known = places.get(key);
    if (known) return known;
    const ends = automata.every(({ isExcluded }, at) => (states[at]?.ends ?? false) !== isExcluded);
    const place: Place = { id: places.size, states, ends, moves: undefined };
    places.set(key, place);
    return place;
  }

  /** Found once for all counts. Bytes that lead to the same place stay together. */
  function movesFrom({ states }: Place): Move[] {
    const cuts = new Set([0, FIRST_TAIL, LAST_TAIL + 1]);
    for (const state of states) {
      for (const { from, to } of state?.leaves ?? []) cuts.add(from).add(to + 1);
    }
    cuts.delete(BYTES);
    const starts = [...cuts].toSorted((left, right) => left - right);
    work.spend(starts.length * automata.length);
    const moves: Move[] = [];
    for (const [index, from] of starts.entries()) {
      const to = (starts[index + 1] ?? BYTES) - 1;
      const place = placeOf(
        automata.map(({ automaton }, at) => {
          const state = states[at];
          const edge = state && automaton.next(state, from);
          work.spend(edge?.steps ?? 0);
          return edge?.to;
        }),
      );
      const last = moves.at(-1);
      const isSame = last?.place === place && startsCharacter(from) === startsCharacter(from - 1);
      if (last && isSame && last.to === from - 1) moves[moves.length - 1] = { ...last, to };
      else if (place) moves.push({ from, to, place });
    }
    return moves;
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
/** In UTF-8, every byte of a character but the first is one of these. */
const [FIRST_TAIL, LAST_TAIL] = [0x80, 0xbf];

function startsCharacter(code: number): boolean {
  return code < FIRST_TAIL || code > LAST_TAIL;
}

/** Where each automaton stands; undefined for one that can no longer match. */
type Place = {
  readonly id: number;
  readonly states: readonly (State | undefined)[];
  readonly ends: boolean;
  /** Set when first needed. */
  moves: Move[] | undefined;
};
type Move = { readonly from: number; readonly to: number; readonly place: Place };

/** A place after a number of characters. */
type Spot = {
  readonly place: Place;
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
