import { type Entry, getFileNameLowLevel } from 'yauzl';

import { refusal } from '../refusal.ts';
import type { ZipLimits } from './zip-limits.ts';

export type CheckedEntry = {
  readonly entry: Entry;
  readonly path: readonly string[];
  readonly isFolder: boolean;
  /** Made by macOS or Windows for its own use. */
  readonly isLeftOut: boolean;
};

const STORED = 0;
const DEFLATED = 8;
/** Bit 0: encrypted; bit 6: strong encryption; bit 13: an encrypted directory. */
const ENCRYPTED = 0x2041;
const UNIX_TYPE = 0o170_000;
const UNIX_FOLDER = 0o040_000;
const UNIX_FILE = 0o100_000;
const SHOWN_CHARACTERS = 100;

/** Throws `invalid_request` for an entry that must not be unpacked. */
export function checkEntry(entry: Entry, limits: ZipLimits): CheckedEntry {
  const name = nameOf(entry);
  const isFolder = name.endsWith('/');
  const path = (isFolder ? name.slice(0, -1) : name).split('/');
  const problem = problemOfName(name, path, limits) ?? problemOf(entry, limits);
  if (problem !== null) {
    const shown = JSON.stringify(name.slice(0, SHOWN_CHARACTERS));
    throw refusal(`The zip archive cannot be unpacked: ${shown} ${problem}.`);
  }
  // With these, the directory of an archive would stay in memory.
  entry.fileNameRaw = entry.extraFieldRaw = entry.fileCommentRaw = Buffer.alloc(0);
  entry.extraFields = [];
  entry.fileComment = entry.fileName = entry.comment = '';
  return { entry, path, isFolder, isLeftOut: isLeftOut(path) };
}

/** Backslashes stay, so that they are refused. */
function nameOf({ generalPurposeBitFlag, fileNameRaw, extraFields }: Entry): string {
  return getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
}

function problemOfName(
  name: string,
  path: readonly string[],
  { depth, nameBytes }: ZipLimits,
): string | null {
  if (/\p{Cc}/u.test(name)) return 'contains a control character';
  if (name.includes('\\')) return 'contains a backslash';
  if (name.startsWith('/')) return 'is an absolute path';
  if (/^[A-Za-z]:/.test(name)) return 'begins with a drive letter';
  if (path.some((part) => part === '' || part === '.' || part === '..'))
    return 'contains an empty, "." or ".." part';
  if (path.some((part) => Buffer.byteLength(part) > nameBytes))
    return `has a name of more than ${nameBytes} bytes`;
  if (path.length - 1 > depth) return `is inside more than ${depth} folders`;
  return null;
}

function problemOf(entry: Entry, { fileBytes }: ZipLimits): string | null {
  const unixType = (entry.externalFileAttributes >>> 16) & UNIX_TYPE;
  if (unixType !== 0 && unixType !== UNIX_FOLDER && unixType !== UNIX_FILE)
    return 'is a link or a device';
  if ((entry.generalPurposeBitFlag & ENCRYPTED) !== 0) return 'is encrypted';
  if (entry.compressionMethod !== STORED && entry.compressionMethod !== DEFLATED)
    return 'is compressed by a method other than deflate';
  if (entry.uncompressedSize > fileBytes) return `has more than ${fileBytes} bytes`;
  return null;
}

function isLeftOut(path: readonly string[]): boolean {
  return path[0] === '__MACOSX' || ['.DS_Store', 'Thumbs.db'].includes(path.at(-1) ?? '');
}
