import { CHAT_SIZES } from './chat-numbers.ts';
import type { ChatMessage } from './read-message.ts';
import { type Body, invalid, isBlank } from './read-parameter.ts';

/** The parameter that takes files. */
export const FILE_PARAMETER = 'inputFile';
const REFERENCE_CHARACTERS_MAX = 2_048;

/**
 * The files of a request: `inputFile`, a URL or an id or a list of them, and `inputFileUrl`, which forms
 * send for URLs, separated by commas. Throws `invalid_request`.
 */
export function readInputFiles(body: Body, messages: readonly ChatMessage[]): string[] {
  const files = [...listed(body['inputFile'], 'inputFile'), ...separated(body['inputFileUrl'])];
  if (files.length > CHAT_SIZES.files) {
    throw invalid(`Request parameter [inputFile] must have at most ${CHAT_SIZES.files} files`);
  }
  if (files.length > 0 && messages.at(-1)?.role !== 'user') {
    throw invalid(
      'Request parameter [inputFile] requires a prompt, or a last message of role user',
    );
  }
  return files;
}

function listed(given: unknown, name: string): string[] {
  if (isBlank(given)) return [];
  const entries: unknown[] = Array.isArray(given) ? given : [given];
  if (entries.length > CHAT_SIZES.files) {
    throw invalid(`Request parameter [${name}] must have at most ${CHAT_SIZES.files} files`);
  }
  return entries.filter((entry) => !isBlank(entry)).map((entry) => reference(entry, name));
}

function separated(given: unknown): string[] {
  const name = 'inputFileUrl';
  if (typeof given !== 'string') return listed(given, name);
  const most = CHAT_SIZES.files * REFERENCE_CHARACTERS_MAX;
  if (given.length > most) {
    throw invalid(`Request parameter [${name}] must have at most ${most} characters`);
  }
  const entries = given.split(',').map((entry) => entry.trim());
  return listed(
    entries.filter((entry) => entry !== ''),
    name,
  );
}

function reference(entry: unknown, name: string): string {
  if (typeof entry === 'string' && entry.length <= REFERENCE_CHARACTERS_MAX) return entry;
  throw invalid(
    `Request parameter [${name}] must be the URL or the id of a file, or a list of them`,
  );
}
