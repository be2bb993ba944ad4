import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { claimFolder } from './claim-folder.ts';
import type { FolderClaim } from './claim-folder.ts';
import { findPostgres } from './find-postgres.ts';
import type { PostgresPrograms } from './find-postgres.ts';
import { GuardedServer } from './guarded-server.ts';
import type { StartedServer, StartOptions } from './local-server.ts';
import { loopbackHost, urlHost } from './loopback-host.ts';
import {
  clusterMajor,
  createCluster,
  POSTGRES_DATABASE,
  POSTGRES_USER,
} from './postgres-cluster.ts';
import { isPostmasterReady, removeStalePostmasterFile } from './postmaster-file.ts';
import { programsFolder } from './programs-folder.ts';
import { RestartableServer } from './restartable-server.ts';
import { serverAccount } from './server-account.ts';
import type { Account } from './server-account.ts';
import { keptPassword, makeServerFolder, makeTemporaryFolder } from './server-folder.ts';
import { startOnFreePort } from './start-on-free-port.ts';
import { undoOnFailure } from './undo-list.ts';

// Long enough to replay the write-ahead log after a crash.
const READY_MS = 60_000;
const EXIT_MS = 5_000;
const EXIT_POLL_MS = 100;

type Place = {
  folder: string;
  cluster: string;
  account: Account | undefined;
  ephemeral: boolean;
};

/**
 * Starts a PostgreSQL on the loopback with a generated password and, at its first start, an empty
 * database. Rejects, naming the next step, if the machine has no PostgreSQL 14 or newer or another
 * process uses the folder.
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
    const place: Place = { folder, cluster, account, ephemeral };
    const programs = await findPostgres(
      {
        account,
        major: await clusterMajor(cluster),
        programsDir: await programsFolder(dirname(dataDir)),
      },
      onProgress,
    );
    const { password, path: passwordPath } = await keptPassword(folder, account);
    if (!existsSync(cluster)) {
      onProgress(`Creating a PostgreSQL ${programs.version} database`);
      await createCluster(programs, { ...place, passwordPath });
    }
    await removeStalePostmasterFile(cluster);

    onProgress(`Starting PostgreSQL ${programs.version}`);
    const start = (candidate: number) =>
      startWhenReleased(() => startOn(candidate, programs, place, claim));
    const { server, port } = await startOnFreePort(options.port ?? 0, start);
    const running = new RestartableServer(server, async () => {
      await removeStalePostmasterFile(cluster);
      return start(port);
    });
    undo.defer(() => running.stop());

    const host = await loopbackHost();
    const where = ephemeral ? 'temporary data' : 'data';
    const why = ephemeral || folder === dataDir ? '' : ` (its user cannot reach ${dataDir})`;
    return {
      url: `postgres://${POSTGRES_USER}:${password}@${urlHost(host)}:${port}/${POSTGRES_DATABASE}`,
      how: `PostgreSQL ${programs.version} from ${programs.bin}, ${where} in ${folder}${why}`,
      dataPath: cluster,
      ...running.verbs,
      [Symbol.asyncDispose]: () => undo[Symbol.asyncDispose](),
    };
  });
}

/** The backends of a killed server hold its shared memory until they notice, a moment later. */
async function startWhenReleased(start: () => Promise<GuardedServer>): Promise<GuardedServer> {
  for (const deadline = Date.now() + EXIT_MS; ; await delay(EXIT_POLL_MS)) {
    try {
      return await start();
    } catch (error) {
      const isHeld = String(error).includes('is still in use');
      if (!isHeld || Date.now() > deadline) throw error;
    }
  }
}

async function startOn(
  port: number,
  programs: PostgresPrograms,
  place: Place,
  claim: FolderClaim,
): Promise<GuardedServer> {
  const { folder, cluster, account, ephemeral } = place;
  const host = await loopbackHost();
  const server = await GuardedServer.start({
    name: 'PostgreSQL',
    command: [join(programs.bin, 'postgres'), '-D', cluster, ...settings(host, port, ephemeral)],
    cwd: folder,
    account,
    logPath: join(folder, 'log'),
    // Fast shutdown; immediate shutdown for data that is deleted anyway.
    stopSignal: ephemeral ? 'SIGQUIT' : 'SIGINT',
    leftover: ephemeral ? folder : undefined,
  });
  await claim.noteServer(server.pid);
  await server.untilReady(() => isPostmasterReady(cluster, server.pid), READY_MS);
  return server;
}

function settings(host: string, port: number, ephemeral: boolean): string[] {
  const values = {
    listen_addresses: host,
    port,
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    max_wal_size: ephemeral ? '256MB' : '1GB',
    jit: 'off',
    timezone: 'UTC',
    log_timezone: 'UTC',
    password_encryption: 'scram-sha-256',
    ...(ephemeral && { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
