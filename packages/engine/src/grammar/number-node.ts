import { choice, literal, type Node, optional, repeat, sequence } from './node.ts';

const DIGIT: Node = { kind: 'byte', from: 0x30, to: 0x39 };
const NONZERO: Node = { kind: 'byte', from: 0x31, to: 0x39 };
const MINUS = literal('-');

/** What a double holds exactly, and what keeps an answer from being digits without end. */
const WHOLE_DIGITS_MAX = 15;
const FRACTION_DIGITS_MAX = 15;
const EXPONENT_DIGITS_MAX = 2;
const LIMIT = 10 ** WHOLE_DIGITS_MAX - 1;
/** Places behind the point of a number between bounds. */
const BOUNDED_PLACES = [0, 1, 2, 4];

export type Bounds = { min: number; max: number; excludesMin: boolean; excludesMax: boolean };

const WHOLE = sequence(
  optional(MINUS),
  choice(literal('0'), sequence(NONZERO, repeat(DIGIT, 0, WHOLE_DIGITS_MAX - 1))),
);

/** A whole number as JSON writes it; undefined where the bounds hold none. */
export function integerNode(bounds: Bounds | undefined): Node | undefined {
  return bounds ? decimalNode(bounds, 0) : WHOLE;
}

/** A number as JSON writes it; undefined where the bounds hold none that is written plainly. */
export function numberNode(bounds: Bounds | undefined): Node | undefined {
  if (bounds) {
    const nodes = BOUNDED_PLACES.flatMap((places) => decimalNode(bounds, places) ?? []);
    return nodes.length > 0 ? choice(...nodes) : undefined;
  }
  const fraction = sequence(literal('.'), repeat(DIGIT, 1, FRACTION_DIGITS_MAX));
  const sign = choice(literal('+'), MINUS);
  const exponent = sequence(
    choice(literal('e'), literal('E')),
    optional(sign),
    repeat(DIGIT, 1, EXPONENT_DIGITS_MAX),
  );
  return sequence(WHOLE, optional(fraction), optional(exponent));
}

/** Numbers between the bounds with exactly that many places behind the point. */
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
  // The product may be rounded; the quotient of what is written is what a reader gets.
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

/** The whole numbers from `low` to `high`, at least 0, with a point before the last `places` digits. */
function digitsNode(low: number, high: number, places: number): Node {
  const options: Node[] = [];
  for (let length = places + 1, start = 0; start <= high; length += 1, start = 10 ** (length - 1)) {
    const from = Math.max(low, start);
    const to = Math.min(high, 10 ** length - 1);
    if (from > to) continue;
    for (const digits of splitDigits(pad(from, length), pad(to, length))) {
      const point = digits.length - places;
      options.push(
        places === 0
          ? sequence(...digits)
          : sequence(...digits.slice(0, point), literal('.'), ...digits.slice(point)),
      );
    }
  }
  return choice(...options);
}

/** A range of numbers of one length as rows of digit ranges: 37-142 is 3[7-9], [4-9]., 1[0-3]., 14[0-2]. */
function splitDigits(from: string, to: string): Node[][] {
  if (from === '') return [[]];
  const [first, last] = [Number(from[0]), Number(to[0])];
  const [fromRest, toRest] = [from.slice(1), to.slice(1)];
  const after = (digit: number, rests: Node[][]) =>
    rests.map((rest) => [digitNode(digit, digit), ...rest]);
  if (first === last) return after(first, splitDigits(fromRest, toRest));

  const isWholeFrom = /^0*$/u.test(fromRest);
  const isWholeTo = /^9*$/u.test(toRest);
  const rows: Node[][] = [];
  if (!isWholeFrom) rows.push(...after(first, splitDigits(fromRest, '9'.repeat(fromRest.length))));
  const [low, high] = [isWholeFrom ? first : first + 1, isWholeTo ? last : last - 1];
  if (low <= high) rows.push([digitNode(low, high), ...Array.from(fromRest, () => DIGIT)]);
  if (!isWholeTo) rows.push(...after(last, splitDigits('0'.repeat(toRest.length), toRest)));
  return rows;
}

function digitNode(from: number, to: number): Node {
  return { kind: 'byte', from: 0x30 + from, to: 0x30 + to };
}

function pad(value: number, length: number): string {
  return String(value).padStart(length, '0');
}
