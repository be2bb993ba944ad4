import { parseBoundedJson } from '@runfleet/protocol';

import { isObject } from './read-members.ts';
import { invalid, isBlank } from './read-parameter.ts';
import { requireStorable } from './require-storable.ts';

/** A parameter that may be sent as JSON text. Throws `invalid_request` with its name. */
export function readJsonText(name: string, given: unknown): unknown {
  if (typeof given !== 'string') return given;
  const value = parseText(name, given);
  // The text was checked as it is; its escapes can encode characters that cannot be stored.
  requireStorable(name, value);
  return value;
}

/** A text that is a JSON object, as the arguments of a call are. Clients send an empty one for none. */
export function readObjectText(given: unknown, name: string): string {
  if (isBlank(given)) return '{}';
  const isText = typeof given === 'string';
  if (isText && isObject(parseText(name, given))) return given;
  throw invalid(`Request parameter [${name}] must be the text of a JSON object`);
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
