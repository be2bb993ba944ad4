import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat, statfs, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { Transform, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

import type { BytesProgress } from '../cli/byte-bar.ts';
import { formatBytes } from '../cli/format-bytes.ts';
import { isOurFile, type RecordedFile } from './model-record.ts';

const FILES_MAX = 1_000;

/** Copies or links a model folder's files into `dir`, which it empties, and reads all of them. */
export async function copyFolder(
  from: string,
  dir: string,
  isLinked: boolean,
  onProgress: BytesProgress,
): Promise<RecordedFile[]> {
  const files = await listFiles(from);
  if (!files.some(({ path }) => path.endsWith('.onnx'))) {
    throw new Error(
      `${from} has no .onnx graph, so it is not a model folder. Name the folder that contains model.onnx.`,
    );
  }
  const totalBytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (!isLinked) await refuseFullDisk(dir, totalBytes);

  await rm(dir, { recursive: true, force: true });
  const copied: RecordedFile[] = [];
  let doneBytes = 0;
  for (const { path, sizeBytes } of files) {
    const [source, target] = [join(from, path), join(dir, path)];
    await mkdir(dirname(target), { recursive: true });
    const hash = createHash('sha256');
    const count = new Transform({
      transform(chunk: Buffer, _, next) {
        hash.update(chunk);
        doneBytes += chunk.length;
        onProgress({ bytes: doneBytes, totalBytes, bytesPerSecond: 0, detail: path });
        next(null, chunk);
      },
    });
    if (isLinked) await symlink(source, target);
    const end = isLinked ? discard() : createWriteStream(target);
    await pipeline(createReadStream(source), count, end);
    copied.push({ path, sizeBytes, digest: { algorithm: 'sha256', hex: hash.digest('hex') } });
  }
  return copied;
}

const discard = () => new Writable({ write: (_chunk, _encoding, next) => next() });

/** The files of a model folder with their sizes; follows links and ignores hidden files. */
export async function listFiles(dir: string): Promise<{ path: string; sizeBytes: number }[]> {
  const entries = await readdir(dir, { recursive: true, withFileTypes: true });
  const files: { path: string; sizeBytes: number }[] = [];
  for (const entry of entries) {
    const path = relative(dir, join(entry.parentPath, entry.name));
    if (isOurFile(path) || path.split('/').some((part) => part.startsWith('.'))) continue;
    const found = await stat(join(dir, path)).catch(() => null);
    if (found?.isFile()) files.push({ path, sizeBytes: found.size });
    if (files.length > FILES_MAX) {
      throw new Error(`${dir} has more than ${FILES_MAX} files, so it is not a model folder.`);
    }
  }
  return files.sort((a, b) => a.sizeBytes - b.sizeBytes || a.path.localeCompare(b.path));
}

async function refuseFullDisk(dir: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(dir));
  if (neededBytes <= bavail * bsize) return;
  throw new Error(
    `The disk of ${dirname(dir)} has ${formatBytes(bavail * bsize)} free and ${formatBytes(neededBytes)} are needed. ` +
      'Free some space, or use --link to link to the files instead.',
  );
}
