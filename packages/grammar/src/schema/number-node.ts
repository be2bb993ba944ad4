import { byte, choice, literal, type Node, optional, repeat, sequence } from '../node.ts';

const DIGIT = byte(0x30, 0x39);
const NONZERO = byte(0x31, 0x39);
const MINUS = literal('-');
const POINT = literal('.');

/**
 * A double holds this many digits exactly. The limits also keep an answer from repeating digits
 * forever.
 */
const WHOLE_DIGITS_MAX = 15;
const FRACTION_DIGITS_MAX = 15;
const EXPONENT_DIGITS_MAX = 2;
const LIMIT = 10 ** WHOLE_DIGITS_MAX - 1;
/** Numbers of decimal places that a number with bounds may have. */
const BOUNDED_PLACES = [0, 1, 2, 4];

export type Bounds = { min: number; max: number; excludesMin: boolean; excludesMax: boolean };

const WHOLE = sequence(
  optional(MINUS),
  choice(literal('0'), sequence(NONZERO, repeat(DIGIT, 0, WHOLE_DIGITS_MAX - 1))),
);

/** Any number as JSON writes it. */
export const NUMBER = sequence(
  WHOLE,
  optional(sequence(POINT, repeat(DIGIT, 1, FRACTION_DIGITS_MAX))),
  optional(
    sequence(
      choice(literal('e'), literal('E')),
      optional(choice(literal('+'), MINUS)),
      repeat(DIGIT, 1, EXPONENT_DIGITS_MAX),
    ),
  ),
);

/** A whole number as JSON writes it; undefined if the bounds allow none. */
export function integerNode(bounds: Bounds | undefined): Node | undefined {
  return bounds ? decimalNode(bounds, 0) : WHOLE;
}

/** A number as JSON writes it; undefined if the bounds allow none without an exponent. */
export function numberNode(bounds: Bounds | undefined): Node | undefined {
  if (!bounds) return NUMBER;
  const nodes = BOUNDED_PLACES.flatMap((places) => decimalNode(bounds, places) ?? []);
  return nodes.length > 0 ? choice(...nodes) : undefined;
}

/** The numbers within the bounds that have exactly this many decimal places. */
function decimalNode(bounds: Bounds, places: number): Node | undefined {
  const scale = 10 ** places;
  const isInside = (scaled: number) => {
    const value = scaled / scale;
    return (
      (bounds.excludesMin ? value > bounds.min : value >= bounds.min) &&
      (bounds.excludesMax ? value < bounds.max : value <= bounds.max)
    );
  };
  let low = Math.max(-LIMIT, Math.ceil(bounds.min * scale) - 1);
  let high = Math.min(LIMIT, Math.floor(bounds.max * scale) + 1);
  // The product may be rounded. A reader of the answer gets the quotient, so the quotient decides.
  while (low <= high && !isInside(low)) low += 1;
  while (low <= high && !isInside(high)) high -= 1;
  if (low > high) return undefined;

  const nodes: Node[] = [];
  if (low < 0) {
    nodes.push(sequence(MINUS, digitsNode(Math.max(1, -high), -low, places)));
  }
  if (high >= 0) nodes.push(digitsNode(Math.max(0, low), high, places));
  return choice(...nodes);
}

/**
 * The whole numbers from `low` to `high`, which are not negative, with a point before the last
 * `places` digits.
 */
function digitsNode(low: number, high: number, places: number): Node {
  const options: Node[] = [];
  for (let length = places + 1, start = 0; start <= high; length += 1, start = 10 ** (length - 1)) {
    const from = Math.max(low, start);
    const to = Math.min(high, 10 ** length - 1);
    if (from <= to) options.push(between(pad(from, length), pad(to, length), places));
  }
  return choice(...options);
}

/**
 * The numbers between two others of the same length: 37-142 becomes 3[7-9], [4-9]., 1[0-3].,
 * 14[0-2].
 */
function between(from: string, to: string, places: number): Node {
  if (/^0*$/u.test(from) && /^9*$/u.test(to)) return anyDigits(from.length, places);
  const [first, last] = [Number(from[0]), Number(to[0])];
  const [fromRest, toRest] = [from.slice(1), to.slice(1)];
  const after = (digits: Node, rest: Node) =>
    fromRest.length + 1 === places ? sequence(POINT, digits, rest) : sequence(digits, rest);
  if (first === last) return after(digit(first, first), between(fromRest, toRest, places));

  const nines = '9'.repeat(fromRest.length);
  const zeros = '0'.repeat(toRest.length);
  const [low, high] = [fromRest === zeros ? first : first + 1, toRest === nines ? last : last - 1];
  const options: Node[] = [];
  if (low > first) options.push(after(digit(first, first), between(fromRest, nines, places)));
  if (low <= high) options.push(after(digit(low, high), anyDigits(fromRest.length, places)));
  if (high < last) options.push(after(digit(last, last), between(zeros, toRest, places)));
  return choice(...options);
}

/** Shared, because the digits after the bounded part are the same in every number. */
const anyDigitsKnown = new Map<string, Node>();

function anyDigits(length: number, places: number): Node {
  const key = `${length},${places}`;
  const known = anyDigitsKnown.get(key);
  if (known) return known;
  const digits = Array.from({ length }, () => DIGIT);
  const hasPoint = places > 0 && length >= places;
  const node = hasPoint
    ? sequence(...digits.slice(places), POINT, ...digits.slice(0, places))
    : sequence(...digits);
  anyDigitsKnown.set(key, node);
  return node;
}

function digit(from: number, to: number): Node {
  return byte(0x30 + from, 0x30 + to);
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
