const NESTING_MAX = 32;
/** A megabyte within these limits is parsed in about 10 ms, without them in up to 60 ms. */
const VALUES_MAX = 20_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Parses JSON that a caller sent, be it a body or a parameter. Of repeated names the last counts, and
 * `__proto__` is an ordinary name. Throws a `SyntaxError` for a text that is invalid, slow to parse
 * or has a number beyond the range of a double; its message is the predicate of a sentence about the
 * text.
 */
export function parseBoundedJson(text: string): unknown {
  requireFastToParse(text);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new SyntaxError('is not valid JSON', { cause });
  }
  if (!isFinite(value)) throw new SyntaxError('has a number that is too large');
  return value;
}

/**
 * Scans a text in a few milliseconds per megabyte for deep nesting and many small values. It does not
 * validate the JSON; the parser does.
 */
function requireFastToParse(text: string): void {
  let depth = 0;
  let values = 0;
  let isString = false;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (isString) {
      // The character after a backslash does not end the string.
      if (code === BACKSLASH) at++;
      else if (code === QUOTE) isString = false;
    } else if (code === QUOTE) isString = true;
    else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      values++;
      if (++depth > NESTING_MAX) {
        throw new SyntaxError(`is nested deeper than ${NESTING_MAX} levels`);
      }
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) depth--;
    else if (code === COMMA) values++;
    if (values > VALUES_MAX) throw new SyntaxError(`has more than ${VALUES_MAX} values`);
  }
}

/** JSON has no infinity, but its parser rounds large numbers to it. */
function isFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (typeof value !== 'object' || value === null) return true;
  return Object.values(value).every(isFinite);
}
