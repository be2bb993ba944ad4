import { isUtf8 } from 'node:buffer';

import { parseBoundedJson, RunfleetError } from '@runfleet/protocol';

const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Parses a JSON object; an empty body is an empty object. Throws `invalid_request` for any other body
 * and for one that is slow to parse.
 */
export function parseJsonBody(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw invalid('Request body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = parseBoundedJson(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    throw new RunfleetError('invalid_request', `Request body ${cause.message}.`, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('Request body must be a JSON object.');
  }
  return value as Record<string, unknown>;
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
