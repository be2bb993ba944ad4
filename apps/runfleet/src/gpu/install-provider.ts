import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { type Digest, download, DownloadError, hashFile } from '@runfleet/downloads';
import { z } from 'zod';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { CUDA_LIBRARY, type CudaWants, readCudaWants } from './cuda-wants.ts';
import { type ExtractedLibrary, extractLibraries } from './extract-libraries.ts';
import { findPackage } from './find-package.ts';
import type { GpuContext } from './gpu-context.ts';
import { readElf } from './read-elf.ts';

export type InstallProvider = {
  /** A URL or a file of the package; if undefined, the catalogue names the URL. */
  from: string | undefined;
  /** The package's SHA-256 or SHA-512, if the caller knows it. */
  digest: Digest | undefined;
  onProgress: BytesProgress;
  onStep: (step: string) => void;
};

export type InstalledProvider = {
  /** False if the libraries of this version were installed already. */
  isNew: boolean;
  /** Whether the package was checked against a checksum. */
  isVerified: boolean;
  dir: string;
  libraries: { name: string; sizeBytes: number }[];
  wants: CudaWants;
};

const PLATFORM = 'linux/x64';
const NOTE_FILE = 'runfleet-cuda.json';
const noteSchema = z.object({
  version: z.string(),
  isVerified: z.boolean(),
  libraries: z.array(z.object({ name: z.string(), sizeBytes: z.number() })),
});
type Note = z.infer<typeof noteSchema>;

/** Installs ONNX Runtime's CUDA provider next to the binding, complete and verified or not at all. */
export async function installProvider(
  ctx: GpuContext,
  request: InstallProvider,
): Promise<InstalledProvider> {
  if (ctx.platform !== PLATFORM) {
    throw new Error(
      `ONNX Runtime has a CUDA provider only for ${PLATFORM}; this is ${ctx.platform}.`,
    );
  }
  const dir = ctx.bindingDir;
  const former = await readNote(ctx);
  if (former && request.from === undefined) {
    return { isNew: false, dir, ...former, wants: await readCudaWants(dir, ctx.places) };
  }

  const { archive, isVerified, isOurs } = await getArchive(ctx, request);
  await mkdir(ctx.downloadsDir, { recursive: true });
  // On the same disk as the binding, so that a rename installs the libraries.
  const work = await mkdtemp(join(dir, '.cuda-')).catch((error: unknown) => {
    throw new Error(`${dir} is not writable. Run this as the user that installed Runfleet.`, {
      cause: error,
    });
  });
  try {
    request.onStep('extracting');
    const libraries = await extractLibraries(archive, ctx.version, work, request.onProgress);
    await refuseOtherMachines(libraries);
    for (const { name, path } of libraries) {
      await chmod(path, 0o644);
      await rename(path, join(dir, name));
    }
    const note: Note = {
      version: ctx.version,
      isVerified,
      libraries: libraries.map(({ name, sizeBytes }) => ({ name, sizeBytes })),
    };
    await writeFile(join(dir, NOTE_FILE), `${JSON.stringify(note, null, 2)}\n`);
    if (isOurs) await rm(archive, { force: true });
    return { isNew: true, dir, ...note, wants: await readCudaWants(dir, ctx.places) };
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** The libraries that the installed provider needs; throws if no provider is installed. */
export async function checkProvider(ctx: GpuContext): Promise<CudaWants> {
  const isThere = await stat(join(ctx.bindingDir, CUDA_LIBRARY)).then(
    () => true,
    () => false,
  );
  if (isThere) return await readCudaWants(ctx.bindingDir, ctx.places);
  throw new Error('The CUDA provider is not installed. Run "runfleet gpu install".');
}

/** Null unless all libraries of this version are installed. */
async function readNote(ctx: GpuContext): Promise<Note | null> {
  const text = await readFile(join(ctx.bindingDir, NOTE_FILE), 'utf8').catch(() => 'null');
  try {
    const note = noteSchema.parse(JSON.parse(text));
    if (note.version !== ctx.version) return null;
    for (const { name, sizeBytes } of note.libraries) {
      if ((await stat(join(ctx.bindingDir, name))).size !== sizeBytes) return null;
    }
    return note;
  } catch {
    return null; // The note or a library is missing or damaged: installing again repairs it.
  }
}

type Archive = { archive: string; isVerified: boolean; isOurs: boolean };

async function getArchive(ctx: GpuContext, request: InstallProvider): Promise<Archive> {
  const { from, digest } = request;
  if (from !== undefined && !/^https?:\/\//iu.test(from))
    return await checkFile(resolve(from), digest);

  const path = join(ctx.downloadsDir, `onnxruntime-gpu-linux-${ctx.version}.nupkg`);
  if (from === undefined) request.onStep('asking the catalogue for the package');
  const found =
    from === undefined
      ? await findPackage(ctx.catalogueUrl, ctx.version)
      : { url: from, sha512Hex: null, sizeBytes: null };
  const expected: Digest | undefined =
    digest ??
    (found.sha512Hex === null ? undefined : { algorithm: 'sha512', hex: found.sha512Hex });
  request.onStep(`downloading ${found.url}`);
  try {
    await download({
      url: found.url,
      path,
      digest: expected,
      sizeBytes: found.sizeBytes ?? undefined,
      onProgress: ({ bytes, totalBytes, bytesPerSecond }) => {
        if (totalBytes === null) return;
        request.onProgress({ bytes, totalBytes, bytesPerSecond, detail: 'package' });
      },
    });
  } catch (error) {
    if (!(error instanceof DownloadError)) throw error;
    const next =
      error.kind === 'unreachable'
        ? 'Run the same command again to resume, or use --from <file>.'
        : error.kind === 'disk'
          ? ''
          : 'Check the address, or use --from <file>.';
    throw new Error(`${error.message} ${next}`.trim(), { cause: error });
  }
  return { archive: path, isVerified: expected !== undefined, isOurs: true };
}

async function checkFile(path: string, digest: Digest | undefined): Promise<Archive> {
  const found = await stat(path).catch(() => null);
  if (!found?.isFile())
    throw new Error(`There is no file ${path}. Check the path given to --from.`);
  if (digest) {
    const hex = await hashFile(path, digest.algorithm);
    if (hex !== digest.hex) {
      throw new Error(
        `${path} is not the package: its ${digest.algorithm} is ${hex} and should be ${digest.hex}. Download it again.`,
      );
    }
  }
  return { archive: path, isVerified: digest !== undefined, isOurs: false };
}

async function refuseOtherMachines(libraries: readonly ExtractedLibrary[]): Promise<void> {
  for (const { name, path } of libraries) {
    const { machine } = await readElf(path);
    if (machine !== 'x64')
      throw new Error(`${name} in the package is for ${machine}, not for x64.`);
  }
}
