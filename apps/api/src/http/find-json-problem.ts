const QUOTE = 0x22;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * Scans the bytes of a JSON text before it is parsed, in a few milliseconds per megabyte, for what is
 * slow to parse: deep nesting and many small values. It does not validate the JSON; the parser does.
 * Null means no problem.
 */
export function findJsonProblem(
  bytes: Uint8Array,
  limits: { nestingMax: number; valuesMax: number },
): string | null {
  let depth = 0;
  let values = 0;
  let isText = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      // The character after a backslash does not end the string.
      if (byte === BACKSLASH) at++;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      values++;
      if (++depth > limits.nestingMax) {
        return `Request body is nested deeper than ${limits.nestingMax} levels.`;
      }
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) depth--;
    else if (byte === COMMA) values++;
    if (values > limits.valuesMax) return `Request body has more than ${limits.valuesMax} values.`;
  }
  return null;
}
