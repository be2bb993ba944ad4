import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';

/**
 * The expected hash of the bytes, in lower-case hexadecimal digits. `git` is the file's git object id:
 * the SHA-1 of its length and its bytes, which hubs list for small files.
 */
export type Digest = { algorithm: 'sha256' | 'sha512' | 'git'; hex: string };

/** Creates a hash for the file's bytes in order; `git` needs the length beforehand. */
export function startHash(algorithm: Digest['algorithm'], sizeBytes: number | null): Hash {
  if (algorithm !== 'git') return createHash(algorithm);
  if (sizeBytes === null) throw new RangeError('A git digest needs sizeBytes.');
  return createHash('sha1').update(`blob ${sizeBytes}\0`);
}

/** Adds the first `bytes` bytes of a file to a hash. */
export async function feedHash(hash: Hash, path: string, bytes: number): Promise<void> {
  if (bytes === 0) return;
  for await (const chunk of createReadStream(path, { end: bytes - 1 })) hash.update(chunk);
}

/** The file's digest in hexadecimal digits, read as a stream. */
export async function hashFile(path: string, algorithm: Digest['algorithm']): Promise<string> {
  const { size } = await stat(path);
  const hash = startHash(algorithm, size);
  await feedHash(hash, path, size);
  return hash.digest('hex');
}
