import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { isRight } from './fetch-hub-model.ts';
import type { RecordedFile } from './model-record.ts';

export type FileVerdict = 'right' | 'changed' | 'missing' | 'no checksum';

/** Reads the file and compares it with the record of when the model was added. */
export async function verifyFile(dir: string, file: RecordedFile): Promise<FileVerdict> {
  const path = join(dir, file.path);
  const sizeBytes = await stat(path).then(
    ({ size }) => size,
    () => null,
  );
  if (sizeBytes === null) return 'missing';
  if (sizeBytes !== file.sizeBytes) return 'changed';
  if (file.digest === null) return 'no checksum';
  return (await isRight(path, file.digest)) ? 'right' : 'changed';
}
