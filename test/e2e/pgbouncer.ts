import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '@runfleet/local-servers';

const READY_MS = 10_000;
/** Debian's unprivileged user; PgBouncer refuses to run as root. */
const UNPRIVILEGED_ID = 65_534;

export type PoolMode = 'session' | 'transaction';

/** A PgBouncer in front of the database at a URL, with Debian's defaults except for its address. */
export class PgBouncer implements AsyncDisposable {
  /** The URL of the database through PgBouncer. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  static async start(program: string, databaseUrl: string, mode: PoolMode): Promise<PgBouncer> {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-pgbouncer-'));
    await chmod(folder, 0o755);
    const url = new URL(databaseUrl);
    const { hostname, port, username, password } = url;
    const listenPort = await freePort(0);
    const users = join(folder, 'userlist.txt');
    await writeFile(users, `"${decodeURIComponent(username)}" "${decodeURIComponent(password)}"\n`);
    const ini = join(folder, 'pgbouncer.ini');
    await writeFile(
      ini,
      `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${listenPort}
unix_socket_dir =
auth_type = md5
auth_file = ${users}
pool_mode = ${mode}
`,
    );
    const child = spawn(program, [ini], {
      stdio: 'ignore',
      ...(process.getuid?.() === 0 ? { uid: UNPRIVILEGED_ID, gid: UNPRIVILEGED_ID } : {}),
    });
    url.host = `127.0.0.1:${listenPort}`;
    const started = new PgBouncer(url.href, child, folder);
    const giveUpAt = performance.now() + READY_MS;
    while (!(await isOpen(listenPort))) {
      if (child.exitCode !== null || performance.now() > giveUpAt) {
        await started[Symbol.asyncDispose]();
        throw new Error('PgBouncer did not start.');
      }
      await delay(50);
    }
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      const exited = once(this.#child, 'exit');
      // PgBouncer exits immediately, even with connected clients.
      this.#child.kill('SIGTERM');
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
