import { parseBoundedJson } from '@runfleet/protocol';

import { invalid } from './read-parameter.ts';
import { requireStorable } from './require-storable.ts';

/** A parameter that may be sent as JSON text. Throws `invalid_request` with its name. */
export function readJsonText(name: string, given: unknown): unknown {
  if (typeof given !== 'string') return given;
  const value = parseText(name, given);
  // The text was checked as it is; its escapes can encode characters that cannot be stored.
  requireStorable(name, value);
  return value;
}

function parseText(name: string, text: string): unknown {
  try {
    return parseBoundedJson(text);
  } catch (error) {
    throw error instanceof SyntaxError
      ? invalid(`Request parameter [${name}] ${error.message}`)
      : error;
  }
}
