import { refusal } from '../refusal.ts';
import type { CheckedEntry } from './check-entry.ts';
import type { ZipLimits } from './zip-limits.ts';

/** The fixed part of the header before an entry's bytes. */
const HEADER_BYTES = 30;

/**
 * Refuses an archive that unpacks to too much, and one whose entries overlap: a few megabytes that
 * thousands of entries share unpack to terabytes.
 */
export function checkLayout(
  entries: readonly CheckedEntry[],
  archiveBytes: number,
  { totalBytes, ratio, ratioFreeBytes }: Pick<ZipLimits, 'totalBytes' | 'ratio' | 'ratioFreeBytes'>,
): void {
  const unpackedBytes = entries.reduce((sum, { entry }) => sum + entry.uncompressedSize, 0);
  if (unpackedBytes > totalBytes) {
    throw refusal(`The zip archive unpacks to more than ${totalBytes} bytes.`);
  }
  if (unpackedBytes > ratioFreeBytes && unpackedBytes > ratio * archiveBytes) {
    throw refusal(`The zip archive unpacks to more than ${ratio} times its size.`);
  }
  const byPlace = entries
    .map(({ entry }) => entry)
    .sort((a, b) => a.relativeOffsetOfLocalHeader - b.relativeOffsetOfLocalHeader);
  let end = 0;
  for (const { relativeOffsetOfLocalHeader: begin, fileNameLength, compressedSize } of byPlace) {
    if (begin < end) throw refusal('The zip archive has overlapping entries.');
    end = begin + HEADER_BYTES + fileNameLength + compressedSize;
  }
  if (end > archiveBytes) throw refusal('The zip archive is truncated.');
}
