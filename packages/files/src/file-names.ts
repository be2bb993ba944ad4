import { RunfleetError } from '@runfleet/protocol';

const NAME_BYTES_MAX = 200;
const FOLDER_NAME = /^[A-Za-z0-9_-]{1,100}$/;
/** Control characters, marks that change the direction of text, and what no file system allows. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069"*:<>?|]/gu;

/**
 * The name under which an uploaded file is stored and served: without its path, without characters that
 * mislead readers or file systems, of at most 200 bytes. Throws `invalid_request` if nothing is left.
 */
export function safeFileName(given: string): string {
  const [base = ''] = given.slice(-4_096).split(/[/\\]/).slice(-1);
  const name = base.normalize('NFC').replace(UNSAFE, '').trim().replace(/^\.+/, '');
  if (name === '') throw new RunfleetError('invalid_request', 'The file needs a name.');
  return shorten(name);
}

/** Throws `invalid_request` unless a caller may give a folder this name. */
export function requireFolderName(given: string): string {
  if (FOLDER_NAME.test(given)) return given;
  throw new RunfleetError(
    'invalid_request',
    'Request parameter [name] must be 1 to 100 characters of A-Z, a-z, 0-9, - and _',
  );
}

/** Keeps the extension, which belongs to the file's type. */
function shorten(name: string): string {
  const dot = name.lastIndexOf('.');
  const extension = dot > 0 && name.length - dot <= 16 ? name.slice(dot) : '';
  const characters = Array.from(name.slice(0, name.length - extension.length));
  while (Buffer.byteLength(characters.join('') + extension) > NAME_BYTES_MAX) characters.pop();
  return characters.join('') + extension;
}
