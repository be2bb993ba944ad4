import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { isSupportedRedis } from './check-redis.ts';
import { debianRedis, fetchDebianRedis } from './debian-redis.ts';
import { runCommand } from './run-command.ts';
import { folderWith, searchPath } from './search-path.ts';

const VERSION_MS = 10_000;
const NAMES = ['redis-server', 'valkey-server'];

export type RedisProgram = {
  file: string;
  /** "Redis 7.0.15", "Valkey 8.0.1". */
  name: string;
  env: Record<string, string>;
};

/**
 * Finds the Redis or Valkey program to start: one of this machine, else Debian's packages, unpacked
 * below `programsDir` and kept there.
 */
export async function findRedis(
  programsDir: string,
  onProgress: (step: string) => void,
  folders: string[] = searchPath(),
): Promise<RedisProgram> {
  const seen: string[] = [];
  for (const name of NAMES) {
    const folder = folderWith([name], folders);
    if (folder === undefined) continue;
    const file = join(folder, name);
    const version = await versionOf(file, {});
    if (isSupportedRedis(version)) return { file, name: nameOf(name, version), env: {} };
    seen.push(`${name} ${version} in ${folder}`);
  }
  const distDir = join(programsDir, await distName());
  const reason = await getDebianRedis(distDir, onProgress).catch((cause: Error) => cause);
  if (!(reason instanceof Error)) return reason;
  const found = seen.length > 0 ? ` (found ${seen.join(', ')})` : '';
  throw new Error(
    `No Redis 7.0 or newer on this machine${found}. ${reason.message} Set REDIS_URL, or install it: ` +
      '"apt install redis-server" (Debian, Ubuntu), "dnf install valkey" (Fedora), ' +
      '"brew install redis" (macOS).',
    { cause: reason },
  );
}

/** The Debian packages that an earlier start kept, if they run; else fetches them. */
async function getDebianRedis(
  distDir: string,
  onProgress: (step: string) => void,
): Promise<RedisProgram> {
  const kept = await tryDebianRedis(distDir);
  if (isSupportedRedis(kept.version)) return kept.program;
  await fetchDebianRedis(distDir, onProgress);
  const fetched = await tryDebianRedis(distDir);
  if (isSupportedRedis(fetched.version)) return fetched.program;
  throw new Error(`The system's packages have ${fetched.program.name}.`);
}

async function tryDebianRedis(
  distDir: string,
): Promise<{ version: string; program: RedisProgram }> {
  const { file, env } = await debianRedis(distDir);
  const version = await versionOf(file, env);
  return { version, program: { file, env, name: nameOf('redis-server', version) } };
}

/** The folder's name: the programs fit only the libraries of one system. */
async function distName(): Promise<string> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  const field = (name: string) =>
    new RegExp(`^${name}="?([\\w.-]+)`, 'mu').exec(release)?.[1] ?? 'any';
  return `redis-${field('ID')}-${field('VERSION_ID')}-${process.arch}`;
}

async function versionOf(file: string, env: Record<string, string>): Promise<string> {
  // A program that cannot run (its libraries are gone) counts as missing.
  const output = await runCommand(file, ['--version'], {
    cwd: '/',
    env,
    timeoutMs: VERSION_MS,
  }).catch(() => '');
  return /\bv=(\d+(?:\.\d+)*)/.exec(output)?.[1] ?? 'of unknown version';
}

function nameOf(program: string, version: string): string {
  return `${program === 'valkey-server' ? 'Valkey' : 'Redis'} ${version}`;
}
