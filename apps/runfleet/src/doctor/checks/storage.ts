import { access, constants, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { ConfigError } from '@runfleet/service';
import { openStorage, probeStorage, StorageProblem, type StorageSettings } from '@runfleet/storage';

import { type CheckContext, type Finding, ok, problem, reasonOf } from '../check.ts';

const FREE_BYTES_MIN = 1024 ** 3;

/**
 * Checks that an object can be written, read and deleted, and that the disk of a folder has space
 * left.
 */
export async function checkStorage(
  { settings: { storage }, signal }: Pick<CheckContext, 'settings' | 'signal'>,
  freeBytesMin = FREE_BYTES_MIN,
): Promise<Finding> {
  return storage.S3_BUCKET === undefined
    ? checkFolder(storage, { signal, freeBytesMin })
    : checkBucket(storage, storage.S3_BUCKET, signal);
}

async function checkBucket(
  settings: StorageSettings,
  bucket: string,
  signal: AbortSignal,
): Promise<Finding> {
  try {
    await using storage = await openStorage(settings);
    await probeStorage(storage, signal);
    return ok(`the bucket ${bucket} takes, returns and deletes objects`);
  } catch (error) {
    if (error instanceof ConfigError) {
      const [mistake] = error.mistakes;
      if (mistake) return problem(`${mistake.name} ${mistake.problem}`, mistake.description);
    }
    const cause = error instanceof Error ? error.cause : undefined;
    if (cause instanceof StorageProblem) return problem(reasonOf(cause.found), cause.next);
    return problem(
      `the bucket ${bucket} does not work (${reasonOf(error)})`,
      'Check the settings S3_*.',
    );
  }
}

async function checkFolder(
  settings: StorageSettings,
  { signal, freeBytesMin }: { signal: AbortSignal; freeBytesMin: number },
): Promise<Finding> {
  const dir = resolve(settings.STORAGE_DIR);
  try {
    const isThere = await access(dir).then(
      () => true,
      () => false,
    );
    const place = isThere ? dir : await nearestFolder(dir);
    // The doctor does not create a missing folder.
    if (isThere) await probeFolder(settings, signal);
    else await access(place, constants.W_OK);

    const { bavail, bsize } = await statfs(place);
    const freeBytes = bavail * bsize;
    const found = `${dir} ${isThere ? 'is writable' : 'can be created'}, ${gibibytes(freeBytes)} free`;
    return freeBytes >= freeBytesMin
      ? ok(found)
      : problem(
          `${found}; ${gibibytes(freeBytesMin)} are needed`,
          'Free some space, or set STORAGE_DIR to a folder on a larger disk.',
        );
  } catch (error) {
    return problem(
      `${dir} is not writable (${reasonOf(error)})`,
      'Correct its permissions, or set another STORAGE_DIR.',
    );
  }
}

async function probeFolder(settings: StorageSettings, signal: AbortSignal): Promise<void> {
  await using storage = await openStorage(settings);
  await probeStorage(storage, signal);
}

async function nearestFolder(dir: string): Promise<string> {
  for (let place = dir; ; place = dirname(place)) {
    const isThere = await access(place).then(
      () => true,
      () => false,
    );
    if (isThere || place === dirname(place)) return place;
  }
}

function gibibytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
