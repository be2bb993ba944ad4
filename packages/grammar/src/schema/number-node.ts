import { byte, choice, literal, type Node, NOTHING, optional, repeat, sequence } from '../node.ts';
import type { Work } from '../work.ts';
import type { Part } from './alternative.ts';
import { NOT_ENUM, NOT_MULTIPLE_OF } from './keywords.ts';
import { limitOf, valuesOf } from './members.ts';
import { commonMultiple, isMultipleOf, placesOf, unitsOf } from './multiples.ts';
import { digitsBetween, type DigitsShape, type Remainder } from './number-digits.ts';
import { TYPE_BITS } from './schema.ts';

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
const PLACES_MAX = 10;
/** Nodes of a number with bounds, for every length and number of decimal places. */
const STEPS_PER_NUMBER = 1_000;
/** The common multiple of all divisors, in units of the last decimal place. */
const DIVISOR_MAX = 10n ** 12n;

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

type Bounds = { min: number; max: number; above: number; below: number };
type Divisors = { all: readonly (number | bigint)[]; none: readonly (number | bigint)[] };

/** A number under the keywords of all parts; `NOTHING` if none has few enough digits. */
export function numberNode(parts: readonly Part[], types: number, work: Work): Node {
  const bounds = {
    min: limitOf(parts, 'minimum', Math.max, Number.NEGATIVE_INFINITY),
    max: limitOf(parts, 'maximum', Math.min, Number.POSITIVE_INFINITY),
    above: limitOf(parts, 'exclusiveMinimum', Math.max, Number.NEGATIVE_INFINITY),
    below: limitOf(parts, 'exclusiveMaximum', Math.min, Number.POSITIVE_INFINITY),
  };
  const divisors: Divisors = {
    all: numbersOf(parts, 'multipleOf'),
    none: numbersOf(parts, NOT_MULTIPLE_OF),
  };
  const excluded = numbersOf(parts, NOT_ENUM, true);
  const isLimited =
    Object.values(bounds).some(Number.isFinite) ||
    divisors.all.length + divisors.none.length + excluded.length > 0;
  const isWhole = (types & TYPE_BITS.fraction) === 0;
  if (!isLimited && isWhole) return WHOLE;
  if (!isLimited && types & TYPE_BITS.integer) return NUMBER;

  const places = placesFor(divisors, types);
  const nodes = places.map((count) => {
    work.spend(STEPS_PER_NUMBER / places.length);
    return decimalNode(bounds, count, {
      remainder: remainderOf(divisors, count, work),
      excluded,
      // A fraction whose last digit is 0 has fewer places, and may be a whole number.
      isFraction: (types & TYPE_BITS.integer) === 0,
    });
  });
  return choice(...nodes.filter((node) => node !== NOTHING));
}

function numbersOf(parts: readonly Part[], keyword: string, isList = false): (number | bigint)[] {
  const values = valuesOf(parts, keyword);
  return (isList ? values.flat() : values).filter(
    (value) => typeof value === 'number' || typeof value === 'bigint',
  );
}

function placesFor({ all }: Divisors, types: number): number[] {
  const places = new Set(types & TYPE_BITS.fraction ? BOUNDED_PLACES : [0]);
  if (types & TYPE_BITS.fraction) {
    for (const divisor of all) places.add(Math.min(placesOf(divisor), PLACES_MAX));
  }
  if ((types & TYPE_BITS.integer) === 0) places.delete(0);
  return [...places];
}

type Limits = {
  remainder: Remainder | undefined;
  excluded: readonly (number | bigint)[];
  isFraction: boolean;
};

/** What the digits without the point must be a multiple of, and what they must not be. */
function remainderOf({ all, none }: Divisors, places: number, work: Work): Remainder | undefined {
  if (all.length + none.length === 0) return undefined;
  const units = all.map((divisor) => unitsOf(divisor, places));
  const others = none.map((divisor) => unitsOf(divisor, places));
  const modulus = [...units, ...others].reduce(commonMultiple, 1n);
  // Only 0 is a multiple of more than can be written. Fewer numbers are allowed than could be.
  if (modulus > DIVISOR_MAX) return { modulus: 10 ** WHOLE_DIGITS_MAX, isZero: true, work };
  if (others.length === 0) return { modulus: Number(modulus), isZero: true, work };
  const isRight = (rest: bigint) =>
    units.every((unit) => rest % unit === 0n) && others.every((unit) => rest % unit !== 0n);
  return {
    modulus: Number(modulus),
    isZero: false,
    isRight: (rest) => isRight(BigInt(rest)),
    work,
  };
}

/** The numbers within the bounds that have exactly this many decimal places. */
function decimalNode(bounds: Bounds, places: number, limits: Limits): Node {
  const scale = 10 ** places;
  const isInside = (scaled: number) => {
    const value = scaled / scale;
    const { min, max, above, below } = bounds;
    return value >= min && value <= max && value > above && value < below;
  };
  let low = Math.max(-LIMIT, Math.ceil(Math.max(bounds.min, bounds.above) * scale) - 1);
  let high = Math.min(LIMIT, Math.floor(Math.min(bounds.max, bounds.below) * scale) + 1);
  // The product may be rounded. A reader of the answer gets the quotient, so the quotient decides.
  while (low <= high && !isInside(low)) low += 1;
  while (low <= high && !isInside(high)) high -= 1;

  const gaps = limits.excluded
    .filter((value) => isMultipleOf(value, 1 / scale))
    .map((value) => Math.round(Number(value) * scale))
    .filter((scaled) => scaled >= low && scaled <= high)
    .toSorted((left, right) => left - right);
  const { remainder, isFraction } = limits;
  const shape = { places, remainder, isFraction, known: new Map<string, Node>() };
  const nodes: Node[] = [];
  for (const gap of [...gaps, high + 1]) {
    if (low < gap) nodes.push(rangeNode(low, gap - 1, shape));
    low = gap + 1;
  }
  const found = nodes.filter((node) => node !== NOTHING);
  return found.length > 0 ? choice(...found) : NOTHING;
}

function rangeNode(low: number, high: number, shape: DigitsShape): Node {
  const nodes: Node[] = [];
  if (low < 0) {
    const below = digitsBetween(Math.max(1, -high), -low, shape);
    if (below !== NOTHING) nodes.push(sequence(MINUS, below));
  }
  if (high >= 0) nodes.push(digitsBetween(Math.max(0, low), high, shape));
  const found = nodes.filter((node) => node !== NOTHING);
  return found.length > 0 ? choice(...found) : NOTHING;
}
