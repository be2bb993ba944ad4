import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { env as ownEnvironment } from 'node:process';

import { runCommand } from './run-command.ts';
import { folderWith, searchPath } from './search-path.ts';

// The server, and those of its libraries that a slim system lacks. The tools package holds the
// server's program itself.
const PACKAGES = ['redis-server', 'redis-tools', 'libjemalloc2', 'liblzf1', 'libatomic1'];
const LIBRARY_FOLDERS = ['x86_64-linux-gnu', 'aarch64-linux-gnu'];
const APT_MS = 120_000;

/**
 * Debian's (or Ubuntu's) Redis, fetched with the machine's own package sources and unpacked into
 * `distDir`, which needs no root and changes nothing else. Fetched once: a later call finds it.
 */
export async function debianRedis(
  distDir: string,
  onProgress: (step: string) => void,
): Promise<{ file: string; env: Record<string, string> }> {
  if (!existsSync(distDir)) {
    if (folderWith(['apt-get', 'dpkg'], [...searchPath(), '/usr/bin']) === undefined) {
      throw new Error('There is no apt-get to fetch it with');
    }
    await fetchInto(distDir, onProgress);
  }
  const libraries = LIBRARY_FOLDERS.map((name) => join(distDir, 'usr', 'lib', name));
  return {
    file: join(distDir, 'usr', 'bin', 'redis-server'),
    env: { LD_LIBRARY_PATH: libraries.join(':') },
  };
}

async function fetchInto(distDir: string, onProgress: (step: string) => void): Promise<void> {
  const parent = dirname(distDir);
  await mkdir(parent, { recursive: true });
  const work = await mkdtemp(join(parent, 'redis-fetch-'));
  try {
    for (const name of ['state/lists/partial', 'cache/archives/partial', 'debs', 'dist']) {
      await mkdir(join(work, name), { recursive: true });
    }
    const apt = (args: string[]) =>
      runCommand('apt-get', [...privateState(work), ...args], {
        cwd: join(work, 'debs'),
        env: aptEnvironment(),
        timeoutMs: APT_MS,
      });

    onProgress("Reading the system's package lists, to fetch Redis");
    await apt(['update']);
    onProgress('Fetching Redis (1.4 MB)');
    await apt(['download', ...PACKAGES]);
    for (const name of await readdir(join(work, 'debs'))) {
      await runCommand('dpkg', ['-x', join(work, 'debs', name), join(work, 'dist')], {
        cwd: work,
        timeoutMs: APT_MS,
      });
    }
    // Whole or not at all: an interrupted fetch leaves no half an installation behind.
    await rename(join(work, 'dist'), distDir);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** Lets apt work without root, beside whatever else on the machine is using it. */
function privateState(work: string): string[] {
  return [
    `Dir::State=${work}/state`,
    `Dir::Cache=${work}/cache`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User=',
    'Acquire::Languages=none',
  ].flatMap((setting) => ['-o', setting]);
}

/** How this machine reaches its package sources is its own affair; apt wants to be told. */
function aptEnvironment(): Record<string, string> {
  const passed = Object.entries(ownEnvironment).flatMap(([name, value]) =>
    /^(http|https|no|all)_proxy$|^APT_CONFIG$/i.test(name) && value !== undefined
      ? [[name, value] as const]
      : [],
  );
  return Object.fromEntries(passed);
}
