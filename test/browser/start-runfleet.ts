import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PATIENCE_MS } from '../patience.ts';

const LOOK_MS = 100;
const SAID_LETTERS_MAX = 8_000;
// The last paragraph of what it prints when everything runs.
const ANNOUNCED = /These values are also in (.+)\n/;
const LOGGED = /^.*\b(WARN|ERROR|FATAL)\b/m;

/** What `dev` writes for programs. */
export type DevFile = {
  apiUrl: string;
  socketUrl: string;
  dashboardUrl: string;
  apiKey: string;
  apiSecret: string;
  adminEmail: string;
  adminPassword: string;
  databaseUrl: string;
};

const ECHO = { ENGINE: 'echo', ECHO_TOKEN_DELAY_MS: '20' };

/**
 * A whole Runfleet of its own, with nothing kept: the echo engine, a word every 20 ms, unless
 * `settings` say something else. `complaints` is what it logged since it was ready.
 */
export async function startRunfleet(
  repository: string,
  settings: Readonly<Record<string, string>> = ECHO,
): Promise<AsyncDisposable & { dev: DevFile; complaints: () => string }> {
  const home = await mkdtemp(join(tmpdir(), 'runfleet-browser-'));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'apps/runfleet/src/main.ts', 'dev', '--ephemeral'],
    {
      cwd: repository,
      // It ends when the pipe closes, so also where this process is killed.
      env: {
        ...process.env,
        RUNFLEET_HOME: home,
        RUNFLEET_STARTER: `${process.pid}:3`,
        ...settings,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    },
  );
  const ended = once(child, 'exit');
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      said = (said + text).slice(-SAID_LETTERS_MAX);
    });
  }
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM');
      const killer = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      await ended;
      clearTimeout(killer);
    }
    await rm(home, { recursive: true, force: true });
  };

  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const dev = readDevFile(ANNOUNCED.exec(said)?.[1] ?? '');
    if (dev) {
      const complaints = () => {
        const first = said.search(LOGGED);
        return first < 0 ? '' : said.slice(first);
      };
      return { dev, complaints, [Symbol.asyncDispose]: stop };
    }
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`Runfleet did not start for the browser tests. It said:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** The file appears whole when everything runs. */
export function readDevFile(path: string): DevFile | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DevFile;
  } catch {
    return null;
  }
}
