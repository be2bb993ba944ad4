import { access, readdir, readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** Where the loader searches, besides the paths that a library names itself. */
export type LibraryPlaces = {
  /** LD_LIBRARY_PATH. */
  libraryPath: string;
  /** /etc/ld.so.conf, which lists the folders of `ldconfig`. */
  configFile: string;
};

const DEFAULT_FOLDERS = [
  '/lib/x86_64-linux-gnu',
  '/usr/lib/x86_64-linux-gnu',
  '/lib64',
  '/usr/lib64',
  '/lib',
  '/usr/lib',
];
const INCLUDE_DEPTH_MAX = 4;

/** The folders in which the loader searches for the dependencies of a library in `dir`, in order. */
export async function libraryFolders(
  places: LibraryPlaces,
  dir: string,
  searchPaths: readonly string[],
): Promise<string[]> {
  const own = searchPaths.map((path) => path.replaceAll(/\$\{?ORIGIN\}?/gu, dir));
  const configured = await readLoaderConfig(places.configFile, INCLUDE_DEPTH_MAX);
  const given = places.libraryPath.split(':').filter((path) => path !== '');
  return [...new Set([...given, ...own, ...configured, ...DEFAULT_FOLDERS])];
}

/** The path of the first file of that name; null if no folder has it. */
export async function findLibrary(
  name: string,
  folders: readonly string[],
): Promise<string | null> {
  for (const folder of folders) {
    const path = join(folder, name);
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return null;
}

async function readLoaderConfig(path: string, depth: number): Promise<string[]> {
  if (depth === 0) return [];
  // A machine without the file uses only the default folders.
  const text = await readFile(path, 'utf8').catch(() => '');
  const folders: string[] = [];
  for (const line of text.split('\n')) {
    const entry = line.replace(/#.*/u, '').trim();
    const included = /^include\s+(\S+)$/u.exec(entry)?.[1];
    if (included !== undefined) {
      const files = await matchFiles(join(included.startsWith('/') ? '' : dirname(path), included));
      for (const file of files) folders.push(...(await readLoaderConfig(file, depth - 1)));
    } else if (entry.startsWith('/')) {
      folders.push(entry);
    }
  }
  return folders;
}

/** These files use only `*` in the last part of a path. */
async function matchFiles(pattern: string): Promise<string[]> {
  const [before = '', after] = basename(pattern).split('*');
  if (after === undefined) return [pattern];
  const names = await readdir(dirname(pattern)).catch(() => []);
  return names
    .filter((name) => name.startsWith(before) && name.endsWith(after))
    .sort()
    .map((name) => join(dirname(pattern), name));
}
