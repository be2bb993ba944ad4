import { access, constants, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { openLocalStorage, probeStorage } from '@runfleet/storage';

import { type CheckContext, type Finding, ok, problem, reasonOf } from '../check.ts';

const FREE_BYTES_MIN = 1024 ** 3;

/** Checks that the folder of the tasks' files is writable and its disk has space left. */
export async function checkStorage(
  { settings, signal }: Pick<CheckContext, 'settings' | 'signal'>,
  freeBytesMin = FREE_BYTES_MIN,
): Promise<Finding> {
  const dir = resolve(settings.storageDir);
  try {
    const isThere = await access(dir).then(
      () => true,
      () => false,
    );
    const place = isThere ? dir : await nearestFolder(dir);
    // The doctor does not create a missing folder.
    if (isThere) await probeStorage(openLocalStorage(dir), signal);
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
