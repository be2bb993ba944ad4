import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { boundedBody } from './bounded-body.ts';
import { listFolder } from './list-folder.ts';
import { nullIfAbsent } from './null-if-absent.ts';
import { ObjectRangeError } from './object-errors.ts';
import { splitObjectKey } from './object-key.ts';
import type { ObjectBody, ObjectStorage, PutOptions } from './object-storage.ts';

// Keys cannot start with a dot, so no object can be in this folder.
const INCOMING = '.incoming';
/** Deleting another object may remove the folder that a put has just created. */
const RENAME_TRIES = 10;

/**
 * Objects as files below `dir`, which is created on first use (0700). Processes that share the
 * folder share the objects. An object is written to a temporary file, synced and renamed into
 * place, so a reader sees the old or the new one, also after a crash.
 */
export function openLocalStorage(dir: string): ObjectStorage {
  const root = resolve(dir);
  const incoming = join(root, INCOMING);
  const pathOf = (key: string) => join(root, ...splitObjectKey(key));

  return {
    async put(key, body, options) {
      const path = pathOf(key);
      const aside = join(incoming, randomUUID());
      try {
        const sizeBytes = await writeAside(aside, body, options);
        await renameInto(aside, path);
        await syncFolder(dirname(path));
        return { sizeBytes };
      } catch (error) {
        await rm(aside, { force: true });
        throw error;
      }
    },

    async get(key, range) {
      const file = await open(pathOf(key), 'r').catch(nullIfAbsent);
      if (file === null) return null;
      try {
        const found = await file.stat();
        if (found.isFile()) {
          const sizeBytes = found.size;
          if (range === undefined) return { body: file.createReadStream(), sizeBytes };
          if (range.first >= sizeBytes) throw new ObjectRangeError(sizeBytes);
          const { first: start, last: end } = range;
          return { body: file.createReadStream({ start, end }), sizeBytes };
        }
      } catch (error) {
        await file.close();
        throw error;
      }
      await file.close();
      return null;
    },

    async stat(key) {
      const found = await stat(pathOf(key)).catch(nullIfAbsent);
      return found?.isFile() ? { sizeBytes: found.size, modifiedAt: found.mtime } : null;
    },

    async delete(key) {
      const path = pathOf(key);
      await rm(path).catch(nullIfAbsent);
      await removeEmptyFolders(dirname(path), root);
    },

    // One rename makes all the objects unreadable at once, however many there are.
    async deletePrefix(prefix) {
      const path = pathOf(prefix);
      const found = await stat(path).catch(nullIfAbsent);
      if (!found?.isDirectory()) return;
      const aside = join(incoming, randomUUID());
      await mkdir(incoming, { recursive: true, mode: 0o700 });
      await rename(path, aside).catch(nullIfAbsent);
      await rm(aside, { recursive: true, force: true });
      await removeEmptyFolders(dirname(path), root);
    },

    list: (prefix) => listFolder(root, prefix === '' ? [] : splitObjectKey(prefix)),

    async deleteUnfinished(ageMs) {
      for (const name of (await readdir(incoming).catch(nullIfAbsent)) ?? []) {
        const path = join(incoming, name);
        const found = await stat(path).catch(nullIfAbsent);
        if (found !== null && Date.now() - found.mtimeMs > ageMs)
          await rm(path, { recursive: true, force: true });
      }
    },

    async presign(key) {
      splitObjectKey(key);
      return null;
    },

    async [Symbol.asyncDispose]() {},
  };
}

async function writeAside(path: string, body: ObjectBody, options: PutOptions): Promise<number> {
  await using file = await openAside(path);
  const target = file.createWriteStream({ flush: true });
  await pipeline(boundedBody(body, options), target);
  return target.bytesWritten;
}

async function openAside(path: string) {
  try {
    return await open(path, 'wx', 0o600);
  } catch (error) {
    nullIfAbsent(error);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    return open(path, 'wx', 0o600);
  }
}

/** Most folders exist already, so one is created only if the rename finds it missing. */
async function renameInto(aside: string, path: string): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      await rename(aside, path);
      return;
    } catch (error) {
      if (tries === RENAME_TRIES) throw error;
      nullIfAbsent(error);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    }
  }
}

/** A new file's name is durable only once its folder is synced. */
async function syncFolder(folder: string): Promise<void> {
  // The object and its folder may have been deleted already.
  await using handle = await open(folder, 'r').catch(nullIfAbsent);
  await handle?.sync();
}

async function removeEmptyFolders(folder: string, root: string): Promise<void> {
  for (let place = folder; place !== root; place = dirname(place)) {
    try {
      await rmdir(place);
    } catch {
      // It has other objects, or it is gone: an empty folder that stays does no harm.
      return;
    }
  }
}
