/** A decimal number as a whole number of `10 ** -places`. */
type Decimal = { digits: bigint; places: number };

/** By the decimal digits, as people read them: 0.3 is a multiple of 0.1. */
export function isMultipleOf(value: number | bigint, divisor: number | bigint): boolean {
  const [left, right] = [decimalOf(value), decimalOf(divisor)];
  const places = Math.max(left.places, right.places);
  return scaled(left, places) % scaled(right, places) === 0n;
}

/** The numbers with `places` decimal places that are multiples are those of this many units. */
export function unitsOf(divisor: number | bigint, places: number): bigint {
  const { digits, places: own } = decimalOf(divisor);
  if (own <= places) return digits * 10n ** BigInt(places - own);
  return digits / commonDivisor(digits, 10n ** BigInt(own - places));
}

export function placesOf(value: number | bigint): number {
  return decimalOf(value).places;
}

export function commonMultiple(left: bigint, right: bigint): bigint {
  return (left / commonDivisor(left, right)) * right;
}

function commonDivisor(left: bigint, right: bigint): bigint {
  return right === 0n ? left : commonDivisor(right, left % right);
}

function scaled({ digits, places }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - places);
}

function decimalOf(value: number | bigint): Decimal {
  if (typeof value === 'bigint') return { digits: value, places: 0 };
  const [mantissa = '0', exponent = '0'] = String(value).split('e');
  const [whole = '0', fraction = ''] = mantissa.split('.');
  const places = fraction.length - Number(exponent);
  const digits = BigInt(whole + fraction);
  return places >= 0 ? { digits, places } : { digits: digits * 10n ** BigInt(-places), places: 0 };
}
