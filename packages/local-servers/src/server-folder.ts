import { createHash, randomBytes } from 'node:crypto';
import { lstatSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, open, readFile, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { canWriteIn, unprivilegedAccounts } from './server-account.ts';
import type { Account } from './server-account.ts';

const SHARED_TEMP = '/var/tmp';

/**
 * Makes the folder (mode 0700) that a server run by `account` keeps its files in: the wanted one,
 * or, where that account cannot reach it (a project below a closed home, started by root), one in
 * /var/tmp that is always the same for the same wanted folder.
 */
export async function makeServerFolder(
  wanted: string,
  account: Account | undefined,
): Promise<{ folder: string; account: Account | undefined }> {
  await mkdir(dirname(wanted), { recursive: true });
  const made = await makeFolder(wanted);
  if (!account) return { folder: wanted, account };

  if (made) await chown(wanted, account.uid, account.gid);
  if (canWriteIn(account, wanted)) return { folder: wanted, account };
  if (made) await rmdir(wanted);
  return makeStandInFolder(wanted, account);
}

/** A folder (mode 0700) for a server that is to leave nothing behind. */
export async function makeTemporaryFolder(
  name: string,
  account: Account | undefined,
): Promise<string> {
  for (const parent of [tmpdir(), SHARED_TEMP]) {
    const folder = await mkdtemp(join(parent, `runfleet-${name}-`));
    if (!account) return folder;
    await chown(folder, account.uid, account.gid);
    if (canWriteIn(account, folder)) return folder;
    await rmdir(folder);
  }
  throw new Error(`uid ${account?.uid} cannot write in ${tmpdir()} or ${SHARED_TEMP}.`);
}

/** The password kept in the folder (mode 0600); made on the first call. */
export async function keptPassword(
  folder: string,
  account: Account | undefined,
): Promise<{ path: string; password: string }> {
  const path = join(folder, 'password');
  const password = randomBytes(24).toString('hex');
  try {
    // 'wx' follows no link that the server's account may have put there.
    await using file = await open(path, 'wx', 0o600);
    await file.writeFile(password);
    if (account) await file.chown(account.uid, account.gid);
    return { path, password };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return { path, password: (await readFile(path, 'utf8')).trim() };
  }
}

/** A name in /var/tmp that stands for `wanted`, the same on every call. */
export function standInPath(wanted: string): string {
  const key = createHash('sha256').update(resolve(wanted)).digest('hex').slice(0, 16);
  return join(SHARED_TEMP, `runfleet-${key}`);
}

async function makeStandInFolder(
  wanted: string,
  preferred: Account,
): Promise<{ folder: string; account: Account }> {
  const folder = standInPath(wanted);
  if (await makeFolder(folder)) {
    await chown(folder, preferred.uid, preferred.gid);
    return { folder, account: preferred };
  }
  // Anybody may make names in /var/tmp: what lies there is ours only if one of our accounts owns it.
  const stat = lstatSync(folder);
  const account = unprivilegedAccounts().find(({ uid }) => uid === stat.uid);
  if (!stat.isDirectory() || !account) {
    throw new Error(`${folder} should hold the data of ${wanted}, but uid ${stat.uid} owns it.`);
  }
  await chmod(folder, 0o700);
  return { folder, account };
}

/** False if something of that name is there already. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
