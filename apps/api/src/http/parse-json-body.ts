import { isUtf8 } from 'node:buffer';

import { RunfleetError } from '@runfleet/protocol';

import { findJsonProblem } from './find-json-problem.ts';

/** A megabyte within these limits is parsed in about 10 ms, without them in up to 60 ms. */
const LIMITS = { nestingMax: 32, valuesMax: 20_000 };
const BYTE_ORDER_MARK = '\uFEFF';

/**
 * Parses a JSON object; an empty body is an empty object. Of repeated names the last counts, and
 * `__proto__` is an ordinary name. Throws `invalid_request` for any other body and for one that is
 * slow to parse.
 */
export function parseJsonBody(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw invalid('Request body is not valid UTF-8.');
  const problem = findJsonProblem(bytes, LIMITS);
  if (problem !== null) throw invalid(problem);
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
  return value as Record<string, unknown>;
}

function invalid(message: string): RunfleetError {
  return new RunfleetError('invalid_request', message);
}
