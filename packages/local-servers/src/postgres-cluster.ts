import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { PostgresPrograms } from './find-postgres.ts';
import { runCommand } from './run-command.ts';
import type { Account } from './server-account.ts';

export const POSTGRES_USER = 'runfleet';
export const POSTGRES_DATABASE = 'runfleet';

const INIT_MS = 120_000;

/** The major version of existing data; undefined if there is none. */
export async function clusterMajor(cluster: string): Promise<number | undefined> {
  if (!existsSync(cluster)) return undefined;
  return Number(await readFile(join(cluster, 'PG_VERSION'), 'utf8'));
}

/** Creates the data folder of a new server, with one user, its password and one empty database. */
export async function createCluster(
  programs: PostgresPrograms,
  place: {
    folder: string;
    cluster: string;
    account: Account | undefined;
    passwordPath: string;
    ephemeral: boolean;
  },
): Promise<void> {
  // Created under another name and renamed, so that an interrupted start leaves no partial cluster.
  const draft = join(place.folder, 'cluster.new');
  await rm(draft, { recursive: true, force: true });
  const run = (program: string, args: string[], input = '') =>
    runCommand(join(programs.bin, program), args, {
      cwd: place.folder,
      ...(place.account && { account: place.account }),
      input,
      timeoutMs: INIT_MS,
    });
  await run('initdb', [
    '-D',
    draft,
    '-U',
    POSTGRES_USER,
    '--pwfile',
    place.passwordPath,
    '--auth',
    'scram-sha-256',
    '--encoding',
    'UTF8',
    '--locale',
    'C',
    ...(place.ephemeral ? ['--no-sync'] : []),
  ]);
  // Single-user mode needs no port, password or client program.
  await run(
    'postgres',
    ['--single', '-D', draft, 'postgres'],
    `create database ${POSTGRES_DATABASE};\n`,
  );
  await rename(draft, place.cluster);
}
