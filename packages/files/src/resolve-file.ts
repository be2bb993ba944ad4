import type { Db } from '@runfleet/db';
import { RunfleetError } from '@runfleet/protocol';

import { FILE_ID_PATTERN, type FileOwner } from './file-entry.ts';
import { findFile, findOwnFile, type StoredEntry } from './read-files.ts';

const URL_CHARACTERS_MAX = 2_048;

/**
 * The file that a caller names: by its id, or by its URL below one of `baseUrls` (those of `/v1`). Null
 * if it is a URL of another server. Throws `entry_not_found`.
 */
export async function resolveFile(
  ctx: { db: Db; baseUrls: readonly string[] },
  { reference, ...owner }: FileOwner & { reference: string },
): Promise<StoredEntry | null> {
  if (FILE_ID_PATTERN.test(reference)) {
    return requireFile(await findOwnFile(ctx, { ...owner, id: reference }));
  }
  const named = readFileUrl(reference, ctx.baseUrls);
  return named === null ? null : requireFile(await findFile(ctx, named));
}

/** The access key and the name in the URL of a file below one of `baseUrls`; null for another URL. */
export function readFileUrl(
  given: string,
  baseUrls: readonly string[],
): { accessKey: string; name: string } | null {
  if (given.length > URL_CHARACTERS_MAX || !URL.canParse(given)) return null;
  const { origin, pathname } = new URL(given);
  for (const base of baseUrls) {
    const { origin: own, pathname: path } = new URL(base);
    const prefix = `${path.replace(/\/$/, '')}/file/`;
    if (origin !== own || !pathname.toLowerCase().startsWith(prefix.toLowerCase())) continue;
    const [accessKey = '', name = '', ...more] = pathname.slice(prefix.length).split('/');
    return { accessKey, name: more.length === 0 ? decoded(name) : '' };
  }
  return null;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return '';
  }
}

function requireFile(file: StoredEntry | null): StoredEntry {
  if (file !== null) return file;
  throw new RunfleetError('entry_not_found', 'There is no such file. It may have been deleted.');
}
