import { readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { hashFile } from '@runfleet/downloads';
import { type ConvertedGguf, convertGguf, EngineError } from '@runfleet/engine';

import type { BytesProgress } from '../cli/byte-bar.ts';
import type { RecordedFile } from './model-record.ts';

/** Writes the model folder of a GGUF file into `dir`, which it empties. */
export async function convertWeights(
  path: string,
  dir: string,
  isFast: boolean,
  onProgress: BytesProgress,
): Promise<{ files: RecordedFile[]; converted: ConvertedGguf }> {
  const converted = await convertGguf({
    path,
    dir,
    precision: isFast ? 'fast' : 'close',
    onProgress: (progress) =>
      onProgress({ ...progress, bytesPerSecond: 0, detail: basename(path) }),
  }).catch((error: unknown) => {
    if (!(error instanceof EngineError)) throw error;
    throw new Error(`The model was not added. ${error.message}`, { cause: error });
  });
  const files: RecordedFile[] = [];
  for (const name of (await readdir(dir)).sort()) {
    const { size } = await stat(join(dir, name));
    const hex = await hashFile(join(dir, name), 'sha256');
    files.push({ path: name, sizeBytes: size, digest: { algorithm: 'sha256', hex } });
  }
  return { files, converted };
}
