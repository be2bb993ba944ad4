import { isBlank } from '@runfleet/catalog';
import { RunfleetError } from '@runfleet/protocol';

const FILTER_CHARACTERS_MAX = 256;

/** A text that a list is filtered by, exactly. Null for none. Throws `invalid_request`. */
export function readFilterText(
  body: Readonly<Record<string, unknown>>,
  name: string,
): string | null {
  const given = body[name];
  if (isBlank(given)) return null;
  // Postgres refuses NUL, and no stored text has one.
  const isText = typeof given === 'string' && given.isWellFormed() && !given.includes('\0');
  if (isText && given.length <= FILTER_CHARACTERS_MAX) return given;
  throw new RunfleetError(
    'invalid_request',
    `Request parameter [${name}] must be a string of at most ${FILTER_CHARACTERS_MAX} characters`,
  );
}
