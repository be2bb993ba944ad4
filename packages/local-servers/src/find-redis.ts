import { join } from 'node:path';

import { isRedisFit } from './check-redis.ts';
import { debianRedis } from './debian-redis.ts';
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
 * The Redis or Valkey program to start a server with: one of this machine, else Debian's packages,
 * unpacked into `distDir` and kept there.
 */
export async function findRedis(
  distDir: string,
  onProgress: (step: string) => void,
  folders: string[] = searchPath(),
): Promise<RedisProgram> {
  const seen: string[] = [];
  for (const name of NAMES) {
    const folder = folderWith([name], folders);
    if (folder === undefined) continue;
    const file = join(folder, name);
    const version = await versionOf(file, {});
    if (isRedisFit(version)) return { file, name: nameOf(name, version), env: {} };
    seen.push(`${name} ${version} in ${folder}`);
  }
  const debian = await debianRedis(distDir, onProgress).catch((cause: Error) => cause);
  if (!(debian instanceof Error)) {
    const version = await versionOf(debian.file, debian.env);
    if (isRedisFit(version)) return { ...debian, name: nameOf('redis-server', version) };
    seen.push(`redis-server ${version} among the system's packages`);
  }
  const found = seen.length > 0 ? ` (found ${seen.join(', ')})` : '';
  const reason = debian instanceof Error ? ` ${debian.message}.` : '';
  throw new Error(
    `No Redis 7.0 or newer on this machine${found}.${reason} Give a REDIS_URL, or install it: ` +
      '"apt install redis-server" (Debian, Ubuntu), "dnf install valkey" (Fedora), ' +
      '"brew install redis" (macOS).',
    { cause: debian },
  );
}

async function versionOf(file: string, env: Record<string, string>): Promise<string> {
  // A program that cannot run (its libraries are gone) is as good as none.
  const said = await runCommand(file, ['--version'], {
    cwd: '/',
    env,
    timeoutMs: VERSION_MS,
  }).catch(() => '');
  return /\bv=(\d+(?:\.\d+)*)/.exec(said)?.[1] ?? 'of unknown version';
}

function nameOf(program: string, version: string): string {
  return `${program === 'valkey-server' ? 'Valkey' : 'Redis'} ${version}`;
}
