import { basename, join } from 'node:path';

import type { Entry, ZipFile } from 'yauzl';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { extractEntry, openZip } from '../cli/zip.ts';

/** In NuGet's package and in PyPI's wheel, which hold the same libraries. */
const LIBRARY =
  /^(?:runtimes\/linux-x64\/native|onnxruntime\/capi)\/libonnxruntime_providers_[a-z]+\.so$/u;
/** The file that states the package's version, and where in it. */
const MANIFESTS = [
  { path: /^[^/]+\.nuspec$/u, version: /<version>([^<]+)<\/version>/u },
  { path: /^onnxruntime_gpu-[^/]+\.dist-info\/METADATA$/u, version: /^Version: (.+)$/mu },
];
const MANIFEST_BYTES_MAX = 2 ** 20;
const LIBRARY_BYTES_MAX = 4 * 2 ** 30;
const REQUIRED = ['libonnxruntime_providers_cuda.so', 'libonnxruntime_providers_shared.so'];

export type ExtractedLibrary = { name: string; path: string; sizeBytes: number };

/**
 * Extracts the provider libraries of a NuGet package, or of a wheel, into `dir`, as streams. Throws if the archive is
 * damaged, has another version, or lacks the libraries.
 */
export async function extractLibraries(
  archive: string,
  version: string,
  dir: string,
  onProgress: BytesProgress,
): Promise<ExtractedLibrary[]> {
  await using zip = await openZip(archive);
  const { entries } = zip;
  await refuseOtherVersion(zip.file, entries, version, archive);
  const libraries = entries.filter(({ fileName }) => LIBRARY.test(fileName));
  const missing = REQUIRED.filter(
    (name) => !libraries.some(({ fileName }) => basename(fileName) === name),
  );
  if (missing.length > 0) {
    throw new Error(
      `${archive} lacks ${missing.join(' and ')}. ` +
        'The right package is Microsoft.ML.OnnxRuntime.Gpu.Linux of NuGet, or onnxruntime-gpu of PyPI.',
    );
  }
  const totalBytes = libraries.reduce((sum, { uncompressedSize }) => sum + uncompressedSize, 0);
  const extracted: ExtractedLibrary[] = [];
  let doneBytes = 0;
  for (const entry of libraries) {
    const name = basename(entry.fileName);
    const path = join(dir, name);
    await extractEntry(zip, entry, { path, bytesMax: LIBRARY_BYTES_MAX }, (bytes) =>
      onProgress({ bytes: doneBytes + bytes, totalBytes, bytesPerSecond: 0, detail: name }),
    );
    doneBytes += entry.uncompressedSize;
    extracted.push({ name, path, sizeBytes: entry.uncompressedSize });
  }
  return extracted;
}

/** A provider of another version does not load, which would fail only when a model is opened. */
async function refuseOtherVersion(
  zip: ZipFile,
  entries: readonly Entry[],
  version: string,
  archive: string,
): Promise<void> {
  const manifest = MANIFESTS.find(({ path }) =>
    entries.some(({ fileName }) => path.test(fileName)),
  );
  const entry = manifest && entries.find(({ fileName }) => manifest.path.test(fileName));
  if (!entry || entry.uncompressedSize > MANIFEST_BYTES_MAX) {
    throw new Error(
      `${archive} is neither a NuGet package nor a wheel of onnxruntime-gpu: it states no version.`,
    );
  }
  const chunks: Buffer[] = [];
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk as Buffer);
  const found = manifest.version.exec(Buffer.concat(chunks).toString('utf8'))?.[1]?.trim();
  if (found === version) return;
  throw new Error(
    `${archive} has version ${found ?? 'unknown'}, but onnxruntime-node has ${version}. Download the package of that version.`,
  );
}
