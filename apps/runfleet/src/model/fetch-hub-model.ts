import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import {
  type Digest,
  download,
  DownloadError,
  type DownloadProgress,
  hashFile,
} from '@runfleet/downloads';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { hubHeaders, type HubFile } from './hub.ts';
import type { ModelContext } from './model-context.ts';
import type { RecordedFile } from './model-record.ts';

/**
 * Downloads the files into `dir`, small ones first, so that a wrong folder fails before gigabytes are
 * downloaded. Keeps existing files with the right checksum and removes files that do not belong.
 */
export async function fetchHubModel(
  ctx: ModelContext,
  files: readonly HubFile[],
  dir: string,
  onProgress: BytesProgress,
): Promise<RecordedFile[]> {
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await removeOthers(dir, files);
  let doneBytes = 0;
  for (const file of [...files].sort((a, b) => a.sizeBytes - b.sizeBytes)) {
    const path = join(dir, file.path);
    if (!(await isRight(path, file.digest))) {
      await fetchFile(ctx, file, path, ({ bytes, bytesPerSecond }) =>
        onProgress({ bytes: doneBytes + bytes, totalBytes, bytesPerSecond, detail: file.path }),
      );
    }
    doneBytes += file.sizeBytes;
    onProgress({ bytes: doneBytes, totalBytes, bytesPerSecond: 0, detail: file.path });
  }
  return files.map(({ path, sizeBytes, digest }) => ({ path, sizeBytes, digest }));
}

async function fetchFile(
  ctx: ModelContext,
  file: HubFile,
  path: string,
  onProgress: (progress: DownloadProgress) => void,
): Promise<void> {
  const { url, sizeBytes, digest } = file;
  try {
    await download({
      url,
      path,
      sizeBytes,
      digest,
      headers: hubHeaders(ctx),
      onProgress,
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    throw new Error(`${file.path}: ${error.message} ${nextStep(error)}`.trim(), { cause: error });
  }
}

function nextStep({ kind, status }: DownloadError): string {
  if (status === 401 || status === 403) return 'Set HF_TOKEN to a token that may read this model.';
  switch (kind) {
    case 'unreachable':
      return 'The downloaded part is kept: run the same command again to resume.';
    case 'lied':
    case 'mismatch':
      return 'Run the same command again; if it fails again, the hub or a proxy sends wrong data.';
    case 'refused':
    case 'disk':
      return '';
  }
}

/** Whether the file has this checksum; false if it cannot be read. */
export async function isRight(path: string, digest: Digest): Promise<boolean> {
  const hex = await hashFile(path, digest.algorithm).catch(() => null);
  return hex === digest.hex;
}

async function removeOthers(dir: string, files: readonly HubFile[]): Promise<void> {
  const wanted = new Set(
    files
      .flatMap(({ path }) => [path, `${path}.part`, `${path}.part.json`])
      .map((path) => join(dir, path)),
  );
  const found = await readdir(dir, { recursive: true, withFileTypes: true });
  for (const entry of found) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isDirectory() && !wanted.has(path)) await rm(path, { force: true });
  }
}
