import { CHAT_ITEMS } from './chat-parameter-items.ts';
import { CHAT_SYNONYMS } from './chat-synonyms.ts';
import { OTHER_PARAMETERS } from './other-parameters.ts';
import { type Body, invalid, shownName } from './read-parameter.ts';

const READ = [
  ...Object.keys(CHAT_ITEMS),
  ...Object.keys(CHAT_SYNONYMS),
  'inputFileUrl',
  'messages',
];
const READ_NAMES = new Set(READ);

/**
 * Throws `invalid_request` for the first unknown name. A misspelt parameter is not ignored, and only
 * parameters that are read are stored with a task.
 */
export function requireKnownNames(body: Body): void {
  for (const [name, value] of Object.entries(body)) {
    if (READ_NAMES.has(name)) continue;
    const other = Object.hasOwn(OTHER_PARAMETERS, name) ? OTHER_PARAMETERS[name] : undefined;
    if (other === undefined) {
      throw invalid(`Request parameter [${shownName(name)}] is unknown.${suggestion(name)}`);
    }
    if (!other.isNeutral(value, name)) throw invalid(`Request parameter [${name}] ${other.reason}`);
  }
}

/** Suggests a known name that differs only in case and punctuation. */
function suggestion(name: string): string {
  const wanted = bare(shownName(name));
  const known = [...READ, 'callbackUrl', 'projectid'].find((other) => bare(other) === wanted);
  return known === undefined ? '' : ` Did you mean [${known}]?`;
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}
