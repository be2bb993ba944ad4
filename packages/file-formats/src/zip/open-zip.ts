import type { Readable } from 'node:stream';

import { openPromise, type ZipFile } from 'yauzl';

import { refusal } from '../refusal.ts';
import { checkEntry, type CheckedEntry } from './check-entry.ts';
import { checkLayout } from './check-layout.ts';
import { EntryNames } from './entry-names.ts';
import { openEntry } from './open-entry.ts';
import { ZIP_LIMITS, type ZipLimits } from './zip-limits.ts';

export type ZippedFile = {
  /** The names of its folders and its own name, all checked. */
  readonly path: readonly string[];
  readonly sizeBytes: number;
  /**
   * The stream fails unless its bytes have the size and the checksum of the directory. Open one file
   * at a time: yauzl throws outside of any stream if one is destroyed while it waits for another.
   */
  open(): Promise<Readable>;
};

export type OpenZip = AsyncDisposable & { readonly files: readonly ZippedFile[] };

/**
 * Opens an uploaded archive on disk. Throws `invalid_request` with the reason for an archive
 * that is damaged, exceeds a limit, or could write outside of its folder; nothing is unpacked until
 * all entries are checked. Folders without files and what macOS and Windows add are left out.
 */
export async function openZip(path: string, limits: ZipLimits = ZIP_LIMITS): Promise<OpenZip> {
  // Names are decoded in `checkEntry`, so that every refusal has its own reason.
  const options = { lazyEntries: true, autoClose: false, decodeStrings: false };
  const zip = await openPromise(path, options).catch((error: unknown) => {
    throw damaged(error);
  });
  try {
    const entries = await readEntries(zip, limits);
    checkLayout(entries, zip.fileSize, limits);
    const files = entries
      .filter(({ isFolder, isLeftOut }) => !isFolder && !isLeftOut)
      .map((entry) => ({
        path: entry.path,
        sizeBytes: entry.entry.uncompressedSize,
        open: () => openEntry(zip, entry),
      }));
    if (files.length === 0) throw refusal('The zip archive contains no files.');
    return { files, [Symbol.asyncDispose]: async () => zip.close() };
  } catch (error) {
    zip.close();
    throw error;
  }
}

async function readEntries(zip: ZipFile, limits: ZipLimits): Promise<CheckedEntry[]> {
  const tooMany = () =>
    refusal(`The zip archive has more than ${limits.entries} files and folders.`);
  if (zip.entryCount > limits.entries) throw tooMany();
  const names = new EntryNames();
  const entries: CheckedEntry[] = [];
  const incoming = zip.eachEntry()[Symbol.asyncIterator]();
  for (;;) {
    const next = await incoming.next().catch((error: unknown) => {
      throw damaged(error);
    });
    if (next.done) return entries;
    const entry = checkEntry(next.value, limits);
    names.add(entry);
    if (entries.push(entry) > limits.entries) throw tooMany();
  }
}

function damaged(cause: unknown): Error {
  return refusal('The file is not a zip archive, is damaged, or uses strong encryption.', cause);
}
