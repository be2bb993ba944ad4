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
 * Unpacks the provider libraries of a NuGet package into `dir`, as streams. Throws where the archive is
 * damaged, is of another version, or has not the libraries.
 */
export async function extractLibraries(
  archive: string,
  version: string,
  dir: string,
  onProgress: BytesProgress,
): Promise<ExtractedLibrary[]> {
  const zip = await openPromise(archive, { lazyEntries: true, autoClose: false }).catch(
    (error: unknown) => {
      throw new Error(`${archive} is no zip archive, or is cut short. Fetch it again.`, {
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
        `${archive} has no ${missing.join(' and no ')} in runtimes/linux-x64/native. ` +
          'The package is Microsoft.ML.OnnxRuntime.Gpu.Linux.',
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
      `${entry.fileName} claims ${entry.uncompressedSize} bytes, which no such library has.`,
    );
  }
  // yauzl holds an entry to its sizes, and leaves the checksum to the reader.
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
    throw new Error(`${entry.fileName} is damaged in the archive. Fetch it again.`);
}

/** A provider of another version does not load, and says so only when a model is opened. */
async function refuseOtherVersion(
  zip: ZipFile,
  entries: readonly Entry[],
  version: string,
  archive: string,
): Promise<void> {
  const nuspec = entries.find(({ fileName }) => NUSPEC.test(fileName));
  if (!nuspec || nuspec.uncompressedSize > NUSPEC_BYTES_MAX) {
    throw new Error(`${archive} is no NuGet package: it has no .nuspec that tells its version.`);
  }
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(nuspec)) chunks.push(chunk as Buffer);
  const found = /<version>([^<]+)<\/version>/u
    .exec(Buffer.concat(chunks).toString('utf8'))?.[1]
    ?.trim();
  if (found === version) return;
  throw new Error(
    `${archive} is of version ${found ?? 'unknown'}, and onnxruntime-node is ${version}. Fetch the package of that version.`,
  );
}
