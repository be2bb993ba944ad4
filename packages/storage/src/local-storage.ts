import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { splitObjectKey } from './object-key.ts';
import type { ObjectStorage } from './object-storage.ts';

// Keys cannot start with a dot, so no object can be in this folder.
const INCOMING = '.incoming';
const LEFTOVER_AGE_MS = 24 * 60 * 60 * 1000;

/**
 * Objects as files below `dir`, which is created on first use (0700). Processes that share the
 * folder share the objects. An object is written to a temporary file, synced and renamed into
 * place, so a reader sees the old or the new one, also after a crash.
 */
export function openLocalStorage(dir: string): ObjectStorage {
  const root = resolve(dir);
  const incoming = join(root, INCOMING);
  const pathOf = (key: string) => join(root, ...splitObjectKey(key));
  let isSwept = false;

  const openAside = async (path: string) => {
    try {
      return await open(path, 'wx', 0o600);
    } catch (error) {
      nullIfAbsent(error);
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      return open(path, 'wx', 0o600);
    }
  };

  const writeAside = async (body: Uint8Array): Promise<string> => {
    const path = join(incoming, randomUUID());
    try {
      await using file = await openAside(path);
      if (!isSwept) {
        isSwept = true;
        await removeLeftovers(incoming);
      }
      await file.writeFile(body);
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    }
    return path;
  };

  return {
    async put(key, body, _contentType) {
      const path = pathOf(key);
      const folder = dirname(path);
      const aside = await writeAside(body);
      try {
        await renameInto(aside, path);
      } catch (error) {
        await rm(aside, { force: true });
        throw error;
      }
      await syncFolder(folder);
    },

    async get(key) {
      const file = await open(pathOf(key), 'r').catch(nullIfAbsent);
      if (file === null) return null;
      try {
        const { size, isFile } = await file
          .stat()
          .then((s) => ({ size: s.size, isFile: s.isFile() }));
        if (isFile) return { body: file.createReadStream(), sizeBytes: size };
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close();
      return null;
    },

    async delete(key) {
      await rm(pathOf(key)).catch(nullIfAbsent);
    },

    async check() {
      await rm(await writeAside(new Uint8Array([1])));
    },
  };
}

function nullIfAbsent(error: unknown): null {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  // A segment of the key may be an object.
  if (code === 'ENOENT' || code === 'ENOTDIR') return null;
  throw error;
}

/** Most folders exist already, so one is created only if the rename finds it missing. */
async function renameInto(aside: string, path: string): Promise<void> {
  try {
    await rename(aside, path);
  } catch (error) {
    nullIfAbsent(error);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await rename(aside, path);
  }
}

/** A new file's name is durable only once its folder is synced. */
async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r');
  await handle.sync();
}

/** Removes temporary files of processes that died while writing. */
async function removeLeftovers(incoming: string): Promise<void> {
  for (const name of await readdir(incoming)) {
    const path = join(incoming, name);
    const found = await stat(path).catch(nullIfAbsent);
    if (found !== null && Date.now() - found.mtimeMs > LEFTOVER_AGE_MS)
      await rm(path, { force: true });
  }
}
