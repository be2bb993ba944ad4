import { readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

import { embeddedPostgres } from './embedded-postgres.ts';
import { runCommand } from './run-command.ts';
import { folderWith, searchPath } from './search-path.ts';
import { canRun } from './server-account.ts';
import type { Account } from './server-account.ts';

const MAJOR_MIN = 14;
const VERSION_MS = 10_000;

// Where packages install several versions, outside the PATH: Debian, then Homebrew.
const VERSION_FOLDERS = [
  { parent: '/usr/lib/postgresql', prefix: '' },
  { parent: '/opt/homebrew/opt', prefix: 'postgresql@' },
  { parent: '/usr/local/opt', prefix: 'postgresql@' },
];

export type PostgresPrograms = { bin: string; version: string; major: number };

/**
 * Finds the PostgreSQL programs to start: the newest of the machine, else those of the npm package. If
 * `major` is given, only that major version fits, because the existing data belongs to it.
 */
export async function findPostgres(
  wanted: { account: Account | undefined; major: number | undefined; programsDir: string },
  onProgress: (step: string) => void,
  folders: string[] = [...versionFolders(), ...searchPath()],
): Promise<PostgresPrograms> {
  const { account, major } = wanted;
  const seen: string[] = [];
  for await (const bin of programFolders(folders, () =>
    embeddedPostgres(account, wanted.programsDir, onProgress),
  )) {
    if (account && !canRun(account, join(bin, 'initdb'))) continue;
    const programs = await versionOf(bin).catch((error: Error) => error);
    if (!(programs instanceof Error) && isFit(programs, major)) return programs;
    seen.push(programs instanceof Error ? programs.message : `${programs.version} in ${bin}`);
  }
  const needed =
    major === undefined ? `${MAJOR_MIN} or newer` : `${major}, which created the data,`;
  throw new Error(
    `No PostgreSQL ${needed} on this machine${seen.length > 0 ? ` (found ${seen.join(', ')})` : ''}. ` +
      'Set DATABASE_URL, or install it: "apt install postgresql" (Debian, Ubuntu), ' +
      '"dnf install postgresql-server" (Fedora), "brew install postgresql@17" (macOS).',
  );
}

function isFit(programs: PostgresPrograms, neededMajor: number | undefined): boolean {
  return neededMajor === undefined ? programs.major >= MAJOR_MIN : programs.major === neededMajor;
}

/** The machine's own folders first; the package is used (and perhaps copied) only if none of them fits. */
async function* programFolders(
  folders: string[],
  embedded: () => Promise<string | undefined>,
): AsyncGenerator<string> {
  const found = folders.filter((folder) => folderWith(['initdb', 'postgres'], [folder]));
  yield* new Set(found.map((folder) => realFolder(folder)));
  const bin = await embedded();
  if (bin !== undefined) yield bin;
}

/** PostgreSQL finds its files relative to the program, so links to the program do not work. */
function realFolder(folder: string): string {
  return join(realpathSync(join(folder, 'postgres')), '..');
}

async function versionOf(bin: string): Promise<PostgresPrograms> {
  const output = await runCommand(join(bin, 'postgres'), ['--version'], {
    cwd: '/',
    timeoutMs: VERSION_MS,
  });
  const version = /\b(\d+)(\.\d+|devel|beta\d+|rc\d+)\b/.exec(output);
  if (!version) throw new Error(`${bin}/postgres --version printed "${output.trim()}".`);
  return { bin, version: version[0], major: Number(version[1]) };
}

function versionFolders(): string[] {
  return VERSION_FOLDERS.flatMap(({ parent, prefix }) =>
    namesIn(parent)
      .filter((name) => name.startsWith(prefix) && Number(name.slice(prefix.length)) > 0)
      .toSorted((a, b) => Number(b.slice(prefix.length)) - Number(a.slice(prefix.length)))
      .map((name) => join(parent, name, 'bin')),
  );
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The folder does not exist on this machine.
    return [];
  }
}
