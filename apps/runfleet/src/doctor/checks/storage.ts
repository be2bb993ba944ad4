import { access, constants, statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

import { openLocalStorage } from '@runfleet/storage';

import { type CheckContext, type Finding, ok, problem, reasonOf } from '../check.ts';

const FREE_BYTES_MIN = 1024 ** 3;

/** Whether the folder of the tasks' files takes a file, and the disk more of them. */
export async function checkStorage(
  { settings }: Pick<CheckContext, 'settings'>,
  freeBytesMin = FREE_BYTES_MIN,
): Promise<Finding> {
  const dir = resolve(settings.storageDir);
  try {
    const isThere = await access(dir).then(
      () => true,
      () => false,
    );
    const place = isThere ? dir : await nearestFolder(dir);
    // A folder that is not there is not made just to look at it.
    if (isThere) await openLocalStorage(dir).check();
    else await access(place, constants.W_OK);

    const { bavail, bsize } = await statfs(place);
    const freeBytes = bavail * bsize;
    const found = `${dir} ${isThere ? 'is writable' : 'can be made'}, ${gibibytes(freeBytes)} free`;
    return freeBytes >= freeBytesMin
      ? ok(found)
      : problem(
          `${found}; ${gibibytes(freeBytesMin)} are wanted`,
          'Free space, or give STORAGE_DIR on a larger disk.',
        );
  } catch (error) {
    return problem(
      `${dir} is not writable (${reasonOf(error)})`,
      'Mend its permissions, or give another STORAGE_DIR.',
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
