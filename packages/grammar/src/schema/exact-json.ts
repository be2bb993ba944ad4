import { valuesBelow } from './values-below.ts';

/**
 * JSON whose large whole numbers keep their digits: they are read as `bigint` and written again as
 * numbers. `JSON.parse` would round them.
 */
export function parseExactJson(text: string): unknown {
  let isTagged = false;
  const tagged = text.replaceAll(STRING_OR_WHOLE, (token) => {
    if (token.startsWith('"') || Number.isSafeInteger(Number(token))) return token;
    isTagged = true;
    return JSON.stringify(TAG + token);
  });
  const root = { value: JSON.parse(tagged) as unknown };
  if (isTagged) for (const { value } of valuesBelow(root, '')) untag(value);
  return root.value;
}

/** A large number that is not exact is written with an exponent, so it cannot be taken for exact. */
export function writeExactJson(value: unknown): string {
  const text = JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner === 'bigint') return TAG + String(inner);
    const isRounded = Number.isInteger(inner) && !Number.isSafeInteger(inner);
    return isRounded ? TAG + Number(inner).toExponential() : inner;
  });
  return text.replaceAll(TAGGED, (_, digits: string) => digits);
}

/** A string, or a whole number that may be too large for a double. */
const STRING_OR_WHOLE = /"(?:[^"\\]|\\.)*"|(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/gsu;
/** No stored string holds this character. */
const TAG = '\0';
const TAGGED = /"\\u0000(-?[\d.e+-]+)"/gu;

function untag(holder: unknown): void {
  if (typeof holder !== 'object' || holder === null) return;
  for (const [key, value] of Object.entries(holder)) {
    if (typeof value !== 'string' || !value.startsWith(TAG)) continue;
    const digits = value.slice(TAG.length);
    if (/^-?\d+$/u.test(digits)) Reflect.set(holder, key, BigInt(digits));
  }
}
