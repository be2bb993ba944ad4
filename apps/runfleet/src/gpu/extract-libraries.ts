import { createWriteStream } from 'node:fs';
import { basename, join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { crc32 } from 'node:zlib';

import { type Entry, openPromise, type ZipFile } from 'yauzl';

import type { BytesProgress } from '../cli/byte-bar.ts';

const LIBRARY = /^runtimes\/linux-x64\/native\/libonnxruntime_providers_[a-z]+\.so$/u;
const NUSPEC = /^[^/]+\.nuspec$/u;
const NUSPEC_BYTES_MAX = 2 ** 20;
const LIBRARY_BYTES_MAX = 4 * 2 ** 30;
const REQUIRED = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];

export type ExtractedLibrary = { name: string; path: string; sizeBytes: number };

/**
 * Extracts the provider libraries of a NuGet package into `dir`, as streams. Throws if the archive is
 * damaged, has another version, or lacks the libraries.
 */
export async function extractLibraries(
  archive: string,
  version: string,
  dir: string,
  onProgress: BytesProgress,
): Promise<ExtractedLibrary[]> {
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false }).catch(
    (error: unknown) => {
      throw new Error(`${archive} is not a zip archive, or is truncated. Download it again.`, {
        cause: error,
      });
    },
  );
  try {
    const entries: Entry[] = [];
    for await (const entry of zip.eachEntry()) entries.push(entry);
    await refuseOtherVersion(zip, entries, version, archive);
    const libraries = entries.filter(({ fileName }) => LIBRARY.test(fileName));
    const missing = REQUIRED.filter(
      (name) => !libraries.some(({ fileName }) => basename(fileName) === name),
    );
    if (missing.length > 0) {
      throw new Error(
        `${archive} lacks ${missing.join(' and ')} in runtimes/linux-x64/native. ` +
          'The right package is Microsoft.ML.OnnxRuntime.Gpu.Linux.',
      );
    }
    const totalBytes = libraries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
    const extracted: ExtractedLibrary[] = [];
    let doneBytes = 0;
    for (const entry of libraries) {
      const name = basename(entry.fileName);
      const path = join(dir, name);
      await extract(zip, entry, path, (bytes) =>
        onProgress({ bytes: doneBytes + bytes, totalBytes, bytesPerSecond: 0, detail: name }),
      );
      doneBytes += entry.uncompressedSize;
      extracted.push({ name, path, sizeBytes: entry.uncompressedSize });
    }
    return extracted;
  } finally {
    zip.close();
  }
}

async function extract(
  zip: ZipFile,
  entry: Entry,
  path: string,
  onBytes: (bytes: number) => void,
): Promise<void> {
  if (entry.uncompressedSize > LIBRARY_BYTES_MAX) {
    throw new Error(
      `${entry.fileName} claims ${entry.uncompressedSize} bytes, more than any such library has.`,
    );
  }
  // yauzl checks the sizes of an entry, but not its checksum.
  let checksum = 0;
  let bytes = 0;
  const check = new Transform({
    transform(chunk: Buffer, _, next) {
      checksum = crc32(chunk, checksum);
      bytes += chunk.length;
      onBytes(bytes);
      next(null, chunk);
    },
  });
  await pipeline(await zip.openReadStreamPromise(entry), check, createWriteStream(path));
  if (checksum !== entry.crc32)
    throw new Error(`${entry.fileName} is damaged in the archive. Download it again.`);
}

/** A provider of another version does not load, which would fail only when a model is opened. */
async function refuseOtherVersion(
  zip: ZipFile,
  entries: readonly Entry[],
  version: string,
  archive: string,
): Promise<void> {
  const nuspec = entries.find(({ fileName }) => NUSPEC.test(fileName));
  if (!nuspec || nuspec.uncompressedSize > NUSPEC_BYTES_MAX) {
    throw new Error(`${archive} is not a NuGet package: it has no .nuspec with a version.`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(nuspec)) chunks.push(chunk as Buffer);
  const found = /<version>([^<]+)<\/version>/u
    .exec(Buffer.concat(chunks).toString('utf8'))?.[1]
    ?.trim();
  if (found === version) return;
  throw new Error(
    `${archive} has version ${found ?? 'unknown'}, but onnxruntime-node has ${version}. Download the package of that version.`,
  );
}
