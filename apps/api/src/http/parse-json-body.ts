import { isUtf8 } from 'node:buffer';

import { RunfleetError } from '@runfleet/protocol';

const NESTING_MAX = 32;
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Reads a JSON object; an empty body is an empty object. Throws `invalid_request` for anything else,
 * and for nesting that Postgres could not store.
 */
export function parseJsonBody(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw invalid('Request body is not valid UTF-8.');
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text);
  } catch (cause) {
    throw new RunfleetError('invalid_request', 'Request body is not valid JSON.', { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('Request body must be a JSON object.');
  }
  if (!isShallow(value, NESTING_MAX)) {
    throw invalid(`Request body is nested deeper than ${NESTING_MAX} levels.`);
  }
  return value as Record<string, unknown>;
}

function isShallow(value: object, levels: number): boolean {
  if (levels === 0) return false;
  for (const entry of Object.values(value)) {
    if (typeof entry === 'object' && entry !== null && !isShallow(entry, levels - 1)) return false;
  }
  return true;
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
