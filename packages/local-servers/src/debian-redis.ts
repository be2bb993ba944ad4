import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

import { machineEnvironment } from './machine-environment.ts';
import { runCommand } from './run-command.ts';
import { folderWith, searchPath } from './search-path.ts';

const PACKAGES = ['redis-server', 'redis-tools'];
// Libraries that Debian 12's Redis needs and a minimal system lacks.
const LIBRARIES = ['libjemalloc2', 'liblzf1', 'libatomic1'];
const APT_MS = 120_000;
const REACH_SECONDS = 20;

/** The program that `fetchDebianRedis` put into `distDir`, with the environment that it needs. */
export async function debianRedis(
  distDir: string,
): Promise<{ file: string; env: Record<string, string> }> {
  return {
    file: join(distDir, 'usr', 'bin', 'redis-server'),
    env: { LD_LIBRARY_PATH: (await libraryFolders(distDir)).join(':') },
  };
}

/**
 * Fetches Debian's (or Ubuntu's) Redis from the machine's package sources and unpacks it into
 * `distDir`. That needs no root and installs nothing. Throws with the reason and the next step.
 */
export async function fetchDebianRedis(
  distDir: string,
  onProgress: (step: string) => void,
): Promise<void> {
  if (folderWith(['apt-get', 'dpkg'], [...searchPath(), '/usr/bin']) === undefined) {
    throw new Error('There is no apt-get to fetch it with.');
  }
  const parent = dirname(distDir);
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'redis-fetch-'));
  try {
    const archives = join(work, 'cache', 'archives');
    for (const folder of [join(work, 'state', 'lists', 'partial'), join(archives, 'partial')]) {
      await mkdir(folder, { recursive: true });
    }
    const apt = (args: string[]) =>
      runCommand('apt-get', [...settings(work), ...args], {
        cwd: archives,
        env: aptEnvironment(),
        timeoutMs: APT_MS,
      });

    onProgress("Reading the system's package lists, to fetch Redis");
    // If some package sources are unreachable, Redis may still be in the others.
    const unread = await apt(['update']).then(
      () => undefined,
      (error: Error) => error,
    );
    onProgress('Fetching Redis (about 1.5 MB)');
    await downloadWithLibraries(apt)
      .catch(() => apt(['download', ...PACKAGES, ...LIBRARIES]))
      .catch((error: Error) => {
        throw cannotFetch(unread ?? error, distDir);
      });
    const debs = (await readdir(archives)).filter((name) => name.endsWith('.deb'));
    // apt reports success if the package is installed but cannot be downloaded.
    if (debs.length === 0) throw cannotFetch(unread ?? new Error('apt-get fetched none'), distDir);
    for (const name of debs) {
      await runCommand('dpkg', ['-x', join(archives, name), join(work, 'dist')], {
        cwd: work,
        timeoutMs: APT_MS,
      });
    }
    // Replaced by a rename, so that an interrupted fetch leaves no partial installation.
    await rm(distDir, { recursive: true, force: true });
    await rename(join(work, 'dist'), distDir).catch((error: unknown) => {
      // Another start may have done it first.
      if (!existsSync(distDir)) throw error;
    });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

function cannotFetch(cause: Error, distDir: string): Error {
  const lines = cause.message.split('\n');
  const line = lines.find((text) => /^[EW]: /u.test(text)) ?? lines[0] ?? '';
  return new Error(
    `Debian's package cannot be fetched (${line.replace(/^[EW]: /u, '').trim()}). Start once with the ` +
      `machine's package mirror reachable: Redis is then kept in ${dirname(distDir)}, and later starts need no network.`,
    { cause },
  );
}

/**
 * Downloads the server, even if it is installed outside the PATH, and the libraries that the machine
 * lacks; installs nothing. apt refuses while other packages of the machine are broken.
 */
async function downloadWithLibraries(apt: (args: string[]) => Promise<string>): Promise<void> {
  const flags = ['--download-only', '--yes', '--no-install-recommends', '--reinstall'];
  await apt(['install', ...flags, ...PACKAGES]);
}

async function libraryFolders(distDir: string): Promise<string[]> {
  const parents = [join(distDir, 'usr', 'lib'), join(distDir, 'lib')].filter(existsSync);
  const found = parents.map(async (parent) =>
    (await readdir(parent))
      .filter((name) => name.includes('-linux-'))
      .map((name) => join(parent, name)),
  );
  return (await Promise.all(found)).flat();
}

/** Lets apt run without root and beside other uses of apt, and fail soon if a source is unreachable. */
function settings(work: string): string[] {
  return [
    `Dir::State=${work}/state`,
    `Dir::Cache=${work}/cache`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
    'Acquire::Retries=1',
    `Acquire::http::Timeout=${REACH_SECONDS}`,
    `Acquire::https::Timeout=${REACH_SECONDS}`,
    'APT::Update::Error-Mode=any',
  ].flatMap((setting) => ['-o', setting]);
}

/** The variables that apt needs to reach the package sources; it gets no others. */
function aptEnvironment(): Record<string, string> {
  const passed = Object.entries(machineEnvironment).flatMap(([name, value]) =>
    /^(http|https|no|all)_proxy$|^APT_CONFIG$/i.test(name) && value !== undefined
      ? [[name, value] as const]
      : [],
  );
  return Object.fromEntries(passed);
}
