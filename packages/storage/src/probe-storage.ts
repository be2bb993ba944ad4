import { randomUUID } from 'node:crypto';
import { buffer } from 'node:stream/consumers';

import type { ObjectStorage } from './object-storage.ts';

/** Writes, reads and deletes a small object. Rejects if one of these fails. */
export async function probeStorage(storage: ObjectStorage, signal?: AbortSignal): Promise<void> {
  const key = `probes/${randomUUID()}`;
  const body = Buffer.from(key);
  try {
    await storage.put(key, body, {
      contentType: 'text/plain',
      bytesMax: body.byteLength,
      ...(signal ? { signal } : {}),
    });
    const object = await storage.get(key);
    const read = object === null ? null : await buffer(object.body);
    if (read === null || !read.equals(body)) {
      throw new Error('A probe object was written, but other bytes were read.');
    }
  } catch (error) {
    // The first failure is the one to report.
    await storage.delete(key).catch(() => {});
    throw error;
  }
  await storage.delete(key);
}
