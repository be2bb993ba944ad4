import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';

import { askRedis } from './ask-redis.ts';
import { claimFolder } from './claim-folder.ts';
import { findRedis } from './find-redis.ts';
import { GuardedServer } from './guarded-server.ts';
import type { StartedServer, StartOptions } from './local-server.ts';
import { loopbackHost, urlHost } from './loopback-host.ts';
import { programsFolder } from './programs-folder.ts';
import { RestartableServer } from './restartable-server.ts';
import { keptPassword, makeServerFolder, makeTemporaryFolder } from './server-folder.ts';
import { startOnFreePort } from './start-on-free-port.ts';
import { undoOnFailure } from './undo-list.ts';

// Long enough to load the data of a busy development machine.
const READY_MS = 60_000;

/**
 * Starts a Redis on the loopback with a generated password. Rejects, naming the next step, if the
 * machine has no Redis 7.0 or newer or another process uses the folder.
 */
export async function startRedis(options: StartOptions): Promise<StartedServer> {
  const { ephemeral, onProgress } = options;
  const dataDir = resolve(options.dataDir);

  return undoOnFailure(async (undo) => {
    const program = await findRedis(await programsFolder(dirname(dataDir)), onProgress);
    const { folder } = ephemeral
      ? { folder: await makeTemporaryFolder('redis') }
      : await makeServerFolder(dataDir, undefined);
    if (ephemeral) undo.defer(() => rm(folder, { recursive: true, force: true }));

    const claim = await claimFolder(folder, { stopSignal: 'SIGTERM', onProgress });
    undo.defer(() => claim.release());

    const { password } = await keptPassword(folder, undefined);
    const config = join(folder, 'redis.conf');
    const data = join(folder, 'data');
    await mkdir(data, { recursive: true });

    const host = await loopbackHost();
    onProgress(`Starting ${program.name}`);
    const startOn = async (candidate: number) => {
      // In a file, because every user of the machine can read command lines.
      await writeFile(config, settings({ data, password, host, port: candidate, ephemeral }), {
        mode: 0o600,
      });
      const started = await GuardedServer.start({
        name: program.name,
        command: [program.file, config],
        cwd: folder,
        env: program.env,
        account: undefined,
        logPath: join(folder, 'log'),
        stopSignal: 'SIGTERM',
        leftover: ephemeral ? folder : undefined,
      });
      await claim.noteServer(started.pid);
      const url = new URL(redisUrl(host, password, candidate));
      await started.untilReady(() => answersPing(url), READY_MS);
      return started;
    };
    const { server, port } = await startOnFreePort(options.port ?? 0, startOn);
    const running = new RestartableServer(server, () => startOn(port));
    undo.defer(() => running.stop());

    return {
      url: redisUrl(host, password, port),
      how: `${program.name} from ${program.file}, ${ephemeral ? 'temporary data' : 'data'} in ${folder}`,
      dataPath: data,
      ...running.verbs,
      [Symbol.asyncDispose]: () => undo[Symbol.asyncDispose](),
    };
  });
}

function redisUrl(host: string, password: string, port: number): string {
  // With the user name, because redis-cli treats a missing one as empty.
  return `redis://default:${password}@${urlHost(host)}:${port}`;
}

/** False while no server listens, and while it is still loading its data. */
async function answersPing(url: URL): Promise<boolean> {
  return askRedis(url, ['PING']).then(
    (answer) => answer === 'PONG',
    () => false,
  );
}

function settings(server: {
  data: string;
  password: string;
  host: string;
  port: number;
  ephemeral: boolean;
}): string {
  const lines = [
    `bind ${server.host}`,
    `port ${server.port}`,
    `requirepass ${server.password}`,
    `dir ${JSON.stringify(server.data)}`,
    'daemonize no',
    'loglevel notice',
    'maxmemory-policy noeviction',
    'save ""',
    `appendonly ${server.ephemeral ? 'no' : 'yes'}`,
    // Each test uses a database of its own.
    `databases ${server.ephemeral ? 1024 : 16}`,
  ];
  return `${lines.join('\n')}\n`;
}
