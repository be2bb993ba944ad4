import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';

import { DownloadError } from './download-error.ts';

/** Throws if the disk has too little space, before the download begins. */
export async function refuseFullDisk(path: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path));
  const freeBytes = bavail * bsize;
  if (neededBytes <= freeBytes) return;
  throw new DownloadError(
    'disk',
    `The disk of ${path} has ${mebibytes(freeBytes)} free and ${mebibytes(neededBytes)} are needed. ` +
      'Free some space and run this again.',
  );
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 2 ** 20)} MiB`;
}

/** Turns an error of the disk into a DownloadError with a next step; returns other errors unchanged. */
export function asDiskError(error: unknown, path: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC' || code === 'EDQUOT') {
    const message = `The disk of ${path} is full. Free some space and run this again; the downloaded part is kept.`;
    return new DownloadError('disk', message, { cause: error });
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS' || code === 'EFBIG') {
    const message = `${path} cannot be written (${code}). Choose a folder that this user may write to.`;
    return new DownloadError('disk', message, { cause: error });
  }
  return error;
}
