import { existsSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { claimFolder } from './claim-folder.ts';
import { findPostgres } from './find-postgres.ts';
import type { PostgresPrograms } from './find-postgres.ts';
import { GuardedServer } from './guarded-server.ts';
import type { StartedServer, StartOptions } from './local-server.ts';
import { isPostmasterReady, removeStalePostmasterFile } from './postmaster-file.ts';
import { runCommand } from './run-command.ts';
import { serverAccount } from './server-account.ts';
import type { Account } from './server-account.ts';
import { keptPassword, makeServerFolder, makeTemporaryFolder } from './server-folder.ts';
import { startOnFreePort } from './start-on-free-port.ts';
import { undoOnFailure } from './undo-list.ts';

const USER = 'runfleet';
const DATABASE = 'runfleet';
const INIT_MS = 120_000;
// Long enough for a replay of the log after a crash.
const READY_MS = 60_000;

/**
 * Starts a PostgreSQL of our own on the loopback, behind a generated password, with an empty
 * database at its first start. Rejects with what to do if the machine has no PostgreSQL 14 or
 * newer, or if another process uses the folder.
 */
export async function startPostgres(options: StartOptions): Promise<StartedServer> {
  const { ephemeral, onProgress } = options;
  const dataDir = resolve(options.dataDir);

  return undoOnFailure(async (undo) => {
    const wantedAccount = serverAccount(dataDir);
    const { folder, account } = ephemeral
      ? { folder: await makeTemporaryFolder('postgres', wantedAccount), account: wantedAccount }
      : await makeServerFolder(dataDir, wantedAccount);
    if (ephemeral) undo.defer(() => rm(folder, { recursive: true, force: true }));

    const claim = await claimFolder(folder, { stopSignal: 'SIGINT', onProgress });
    undo.defer(() => claim.release());

    const cluster = join(folder, 'cluster');
    const programs = await findPostgres(account, await majorOf(cluster), onProgress);
    const { password, path: passwordPath } = await keptPassword(folder, account);
    if (!existsSync(cluster)) {
      onProgress(`Creating a PostgreSQL ${programs.version} database`);
      await createCluster(programs, { folder, cluster, account, passwordPath, ephemeral });
    }
    await removeStalePostmasterFile(cluster);

    onProgress(`Starting PostgreSQL ${programs.version}`);
    const { server, port } = await startOnFreePort(options.port ?? 0, async (candidate) => {
      const started = await GuardedServer.start({
        name: 'PostgreSQL',
        command: [join(programs.bin, 'postgres'), '-D', cluster, ...settings(candidate, ephemeral)],
        cwd: folder,
        account,
        logPath: join(folder, 'log'),
        // The fast shutdown; the immediate one for data that nobody will read again.
        stopSignal: ephemeral ? 'SIGQUIT' : 'SIGINT',
        leftover: ephemeral ? folder : undefined,
      });
      await claim.noteServer(started.pid);
      await started.untilReady(() => isPostmasterReady(cluster, started.pid), READY_MS);
      return started;
    });
    undo.defer(() => server.stop());

    const place = ephemeral ? `temporary data in ${folder}` : `data in ${folder}`;
    const standIn = ephemeral || folder === dataDir ? '' : ` (its user cannot reach ${dataDir})`;
    return {
      url: `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`,
      how: `PostgreSQL ${programs.version} from ${programs.bin}, ${place}${standIn}`,
      dataPath: cluster,
      kill: () => server.kill(),
      [Symbol.asyncDispose]: () => undo[Symbol.asyncDispose](),
    };
  });
}

/** The major version of the data that is there already. */
async function majorOf(cluster: string): Promise<number | undefined> {
  if (!existsSync(cluster)) return undefined;
  return Number(await readFile(join(cluster, 'PG_VERSION'), 'utf8'));
}

async function createCluster(
  programs: PostgresPrograms,
  place: {
    folder: string;
    cluster: string;
    account: Account | undefined;
    passwordPath: string;
    ephemeral: boolean;
  },
): Promise<void> {
  // Made under another name first: an interrupted start leaves no half a cluster behind.
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
    USER,
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
  // The single-user mode needs no port, no password and no client program.
  await run('postgres', ['--single', '-D', draft, 'postgres'], `create database ${DATABASE};\n`);
  await rename(draft, place.cluster);
}

function settings(port: number, ephemeral: boolean): string[] {
  const values = {
    listen_addresses: '127.0.0.1',
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    ...(ephemeral && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
