import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { freePort } from '@runfleet/local-servers';

const OPERATING = new URL('../../docs/operating.md', import.meta.url);
const READY_MS = 10_000;

/** An nginx with the configuration from docs/operating.md, in front of roles on this machine. */
export class Nginx implements AsyncDisposable {
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(url: string, child: ChildProcess, folder: string) {
    this.url = url;
    this.#child = child;
    this.#folder = folder;
  }

  /** `ports`: those of two apis and two gateways, in the order of the page. */
  static async start(program: string, ports: { api: string[]; gateway: string[] }): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'runfleet-nginx-'));
    const port = await freePort(0);
    const url = `http://127.0.0.1:${port}`;
    await writeFile(
      join(folder, 'nginx.conf'),
      configuration(await readPage(), folder, port, ports),
    );
    const child = spawn(program, ['-e', 'stderr', '-p', folder, '-c', join(folder, 'nginx.conf')], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const nginx = new Nginx(url, child, folder);
    const giveUpAt = performance.now() + READY_MS;
    while (!(await fetch(url).catch(() => null))) {
      if (child.exitCode !== null || performance.now() > giveUpAt) {
        await nginx[Symbol.asyncDispose]();
        throw new Error('nginx did not start.');
      }
      await delay(50);
    }
    return nginx;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null) {
      this.#child.kill('SIGTERM');
      await once(this.#child, 'exit');
    }
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function readPage(): Promise<string> {
  const page = await readFile(OPERATING, 'utf8');
  const [, block] = /```nginx\n([^]*?)```/.exec(page) ?? [];
  if (block === undefined) throw new Error('docs/operating.md has no nginx block.');
  return block;
}

/** The page's block with addresses of this machine, without the certificate, with files in `folder`. */
function configuration(
  page: string,
  folder: string,
  port: number,
  ports: { api: string[]; gateway: string[] },
): string {
  const [apis, gateways] = [[...ports.api], [...ports.gateway]];
  const block = page
    .replaceAll(/server [\d.]+:(3100|3101)/g, (_, role) => {
      const own = (role === '3100' ? apis : gateways).shift();
      return `server 127.0.0.1:${own}`;
    })
    .replace(/listen 443 ssl;/, `listen 127.0.0.1:${port};`)
    .replaceAll(/^ *ssl_.*\n/gm, '');
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
    .map((name) => `${name}_temp_path ${folder}/${name};`)
    .join('\n');
  return `daemon off;
worker_processes 1;
pid ${folder}/nginx.pid;
error_log stderr crit;
events { worker_connections 1024; }
http {
access_log off;
${temporary}
${block}
}
`;
}
