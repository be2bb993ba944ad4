import { isUtf8 } from 'node:buffer';

import { FileTextError } from './file-text-error.ts';

/**
 * The text of a file in UTF-8, or in UTF-16 with a byte order mark. Throws `FileTextError` for any other
 * encoding, which would have to be guessed, and for what Postgres cannot store.
 */
export function decodeText(bytes: Uint8Array): string {
  const text = decode(bytes);
  if (text.includes('\0')) throw new FileTextError('has NUL characters, so it is not a text');
  if (text.trim() === '') throw new FileTextError('is empty');
  return text;
}

function decode(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return decodeUtf16('utf-16le', bytes);
  if (first === 0xfe && second === 0xff) return decodeUtf16('utf-16be', bytes);
  if (isUtf8(bytes)) return new TextDecoder().decode(bytes);
  throw new FileTextError('is neither UTF-8 nor UTF-16 with a byte order mark; save it as UTF-8');
}

function decodeUtf16(encoding: 'utf-16le' | 'utf-16be', bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new FileTextError('is not valid UTF-16; save it as UTF-8', { cause });
  }
}
