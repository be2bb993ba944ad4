import { byte, choice, EMPTY, literal, type Node, NOTHING, sequence } from '../node.ts';
import type { Work } from '../work.ts';

/** What the digits of a number, read as a whole number, must leave when they are divided. */
export type Remainder = { readonly modulus: number; readonly work: Work } & (
  | { readonly isZero: true }
  | { readonly isZero: false; readonly isRight: (rest: number) => boolean }
);
export type DigitsShape = {
  /** Digits after the point. */
  readonly places: number;
  readonly remainder: Remainder | undefined;
  /** Whether the last digit may not be 0. */
  readonly isFraction: boolean;
  /** The nodes of any digits, to share between ranges of one shape. */
  readonly known: Map<string, Node>;
};

const DIGITS = 10;
/** Of the longest number, with its decimal places. */
const DIGITS_MAX = 30;
const POINT = literal('.');

/**
 * The whole numbers from `low` to `high`, which are not negative, with a point before the last
 * `places` digits. `NOTHING` if there is none.
 */
export function digitsBetween(low: number, high: number, shape: DigitsShape): Node {
  const { places, remainder, isFraction, known: anyKnown } = shape;
  const modulus = remainder?.modulus ?? 1;
  const weights = weightsOf(modulus);
  const options: Node[] = [];
  for (let length = places + 1, start = 0; start <= high; length += 1, start = 10 ** (length - 1)) {
    const from = Math.max(low, start);
    const to = Math.min(high, 10 ** length - 1);
    if (from <= to) options.push(between(pad(from, length), pad(to, length), 0));
  }
  return either(options);

  /**
   * The numbers between two others of the same length: 37-142 becomes 3[7-9], [4-9]., 1[0-3].,
   * 14[0-2]. `before` is what the digits before these leave.
   */
  function between(from: string, to: string, before: number): Node {
    if (/^0*$/u.test(from) && /^9*$/u.test(to)) return any(from.length, before);
    const [first, last] = [Number(from[0]), Number(to[0])];
    const [fromRest, toRest] = [from.slice(1), to.slice(1)];
    const left = fromRest.length;
    if (first === last) {
      return after(first, last, left, between(fromRest, toRest, step(before, first, left)));
    }
    const nines = '9'.repeat(left);
    const zeros = '0'.repeat(left);
    const low = fromRest === zeros ? first : first + 1;
    const high = toRest === nines ? last : last - 1;
    return either([
      low > first
        ? after(first, first, left, between(fromRest, nines, step(before, first, left)))
        : NOTHING,
      middle(low, high, left, before),
      high < last
        ? after(last, last, left, between(zeros, toRest, step(before, last, left)))
        : NOTHING,
    ]);
  }

  /** Shared, because many numbers have the same digits after the bounded part. */
  function any(length: number, before: number): Node {
    if (remainder?.isZero) {
      // What is missing to the next multiple must fit in these digits.
      const missing = (modulus - before) % modulus;
      if (missing >= 10 ** length) return NOTHING;
    } else if (length === 0 && remainder && !remainder.isRight(before)) return NOTHING;
    if (length === 0) return EMPTY;
    const key = `${length},${before}`;
    const known = anyKnown.get(key);
    if (known) return known;
    const node = middle(0, DIGITS - 1, length - 1, before);
    anyKnown.set(key, node);
    return node;
  }

  /** A digit, and then any `left` digits. Digits with the same rest stay together. */
  function middle(low: number, high: number, left: number, before: number): Node {
    remainder?.work.spend(DIGITS);
    const nodes: Node[] = [];
    const first = left === 0 && isFraction ? Math.max(1, low) : low;
    for (let from = first, to = first; from <= high; from = to) {
      const rest = any(left, step(before, from, left));
      for (to = from + 1; to <= high && any(left, step(before, to, left)) === rest;) to += 1;
      nodes.push(after(from, to - 1, left, rest));
    }
    return either(nodes);
  }

  function after(first: number, last: number, left: number, rest: Node): Node {
    if (rest === NOTHING || (left === 0 && isFraction && last === 0)) return NOTHING;
    const digit = byte(0x30 + first, 0x30 + last);
    return left + 1 === places ? sequence(POINT, digit, rest) : sequence(digit, rest);
  }

  /** What the number leaves up to this digit, if only zeros follow. */
  function step(before: number, digit: number, left: number): number {
    if (modulus === 1) return 0;
    return (before + digit * (weights[left] ?? 0)) % modulus;
  }
}

/** What 10, 100 and so on leave, by the number of zeros. */
function weightsOf(modulus: number): number[] {
  const weights = [1 % modulus];
  while (weights.length < DIGITS_MAX) weights.push(((weights.at(-1) ?? 0) * DIGITS) % modulus);
  return weights;
}

function either(nodes: readonly Node[]): Node {
  const found = nodes.filter((node) => node !== NOTHING);
  return found.length > 0 ? choice(...found) : NOTHING;
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
