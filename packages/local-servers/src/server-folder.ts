import { createHash, randomBytes } from 'node:crypto';
import { constants, existsSync, lstatSync } from 'node:fs';
import {
  access,
  chmod,
  chown,
  mkdir,
  mkdtemp,
  open,
  readFile,
  rmdir,
  statfs,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';

import { canWriteIn, unprivilegedAccounts } from './server-account.ts';
import type { Account } from './server-account.ts';

const STAND_INS = '/var/lib/runfleet';
const SHARED_TEMP = '/var/tmp';
const MEMORY = '/dev/shm';
// Containers often have 64 MiB there.
const MEMORY_BYTES_MIN = 4 * 1024 ** 3;

/**
 * Creates the folder (mode 0700) for the files of a server run by `account`. If the account cannot reach
 * the requested folder (root started a project below a private home), the files go to
 * /var/lib/runfleet, and the requested folder records that path: removing it starts afresh.
 */
export async function makeServerFolder(
  wanted: string,
  account: Account | undefined,
): Promise<{ folder: string; account: Account | undefined }> {
  await mkdir(dirname(wanted), { recursive: true });
  const isNew = await makeFolder(wanted);
  if (!account) return { folder: wanted, account };

  const note = join(wanted, 'moved-to');
  if (existsSync(note)) return standIn(await readFile(note, 'utf8'), account);

  if (isNew) await chown(wanted, account.uid, account.gid);
  if (canWriteIn(account, wanted)) return { folder: wanted, account };
  if (!isNew) {
    throw new Error(
      `uid ${account.uid}, which would run PostgreSQL, cannot write to ${wanted}. Change the ` +
        'owner of that folder, or remove it to start with an empty database.',
    );
  }
  await chown(wanted, 0, 0);
  const folder = `${await standInPath(wanted)}-${randomBytes(4).toString('hex')}`;
  await mkdir(folder, { mode: 0o700 });
  await chown(folder, account.uid, account.gid);
  await writeFile(note, folder, { flag: 'wx' });
  return { folder, account };
}

/**
 * Creates a folder (mode 0700) for temporary files, in memory if the machine has enough: next to a busy
 * disk, copying a test's database took 35 ms there and 830 ms in /tmp.
 */
export async function makeTemporaryFolder(name: string, account?: Account): Promise<string> {
  const parents = [...((await hasRoomInMemory()) ? [MEMORY] : []), tmpdir(), SHARED_TEMP];
  for (const parent of parents) {
    const folder = await mkdtemp(join(parent, `runfleet-${name}-`));
    if (!account) return folder;
    await chown(folder, account.uid, account.gid);
    if (canWriteIn(account, folder)) return folder;
    await rmdir(folder);
  }
  throw new Error(`uid ${account?.uid} cannot write to any of ${parents.join(', ')}.`);
}

async function hasRoomInMemory(): Promise<boolean> {
  try {
    await access(MEMORY, constants.W_OK);
    const { bavail, bsize } = await statfs(MEMORY);
    return bavail * bsize > MEMORY_BYTES_MIN;
  } catch {
    // Not every system has it, or lets every user write to it.
    return false;
  }
}

/** The password that the folder stores (mode 0600), created on the first call. */
export async function keptPassword(
  folder: string,
  account: Account | undefined,
): Promise<{ path: string; password: string }> {
  const path = join(folder, 'password');
  const password = randomBytes(24).toString('hex');
  try {
    // 'wx' does not follow a link that the server's account may have created.
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(password);
    if (account) await file.chown(account.uid, account.gid);
    return { path, password };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { path, password: (await readFile(path, 'utf8')).trim() };
  }
}

/** The path outside every home that replaces `wanted`; only root may create folders there. */
export async function standInPath(wanted: string): Promise<string> {
  await mkdir(STAND_INS, { recursive: true });
  // Whatever the umask, other accounts must be able to reach their folders.
  await chmod(STAND_INS, 0o755);
  const key = createHash('sha256').update(wanted).digest('hex').slice(0, 12);
  return join(STAND_INS, `${basename(wanted)}-${key}`);
}

/** The folder that an earlier start created, with the account that owns its files. */
function standIn(folder: string, preferred: Account): { folder: string; account: Account } {
  const stat = lstatSync(folder, { throwIfNoEntry: false });
  const account = [preferred, ...unprivilegedAccounts()].find(({ uid }) => uid === stat?.uid);
  if (stat?.isDirectory() && account) return { folder, account };
  throw new Error(`The data should be in ${folder}, but no account for a server owns that folder.`);
}

/** Creates a folder; false if the path exists already. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
