import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { PATIENCE_MS } from '../patience.ts';

const POLL_MS = 100;
const OUTPUT_LETTERS_MAX = 8_000;
// The last paragraph that it prints when everything runs.
const ANNOUNCED = /These values are also in (.+)\n/;
const LOGGED = /^.*\b(WARN|ERROR|FATAL)\b/m;

/** The file that `dev` writes for programs. */
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
 * Starts a whole Runfleet with an empty home. By default the echo engine writes a word every 20 ms.
 * `complaints` returns the warnings and errors that it logged since it was ready.
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
      // It ends when the pipe closes, so also when this process is killed.
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
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-OUTPUT_LETTERS_MAX);
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
    const dev = readDevFile(ANNOUNCED.exec(output)?.[1] ?? '');
    if (dev) {
      const complaints = () => {
        const first = output.search(LOGGED);
        return first < 0 ? '' : output.slice(first);
      };
      return { dev, complaints, [Symbol.asyncDispose]: stop };
    }
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop();
      throw new Error(`Runfleet did not start for the browser tests. Its output:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** The file is written atomically when everything runs. */
export function readDevFile(path: string): DevFile | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as DevFile;
  } catch {
    return null;
  }
}
