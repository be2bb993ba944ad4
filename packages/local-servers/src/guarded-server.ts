import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';

import { BARE_ENV } from './run-command.ts';
import type { Account } from './server-account.ts';

const STOP_MS = 15_000;
const LOG_LINES_SHOWN = 8;

// The shell becomes the server (exec), so the child's pid is the server's. Before that, it starts a
// watcher that reads fd 3. The system closes our end of fd 3 however this process dies; the watcher
// then stops the server and removes the folder of an ephemeral one. A word on fd 3 means that the
// server has already exited, so that the watcher does not signal a process that reuses its pid. The
// watcher is forked twice, because PostgreSQL treats the exit of an unknown child as a crash.
const GUARD = `
umask 077
signal=$1 log=$2 leftover=$3 server=$$
shift 3
runs() { kill -0 $server && ! grep -q '^State:.Z' /proc/$server/status; }
( (
  IFS= read -r word <&3
  if [ -z "$word" ]; then
    kill -s "$signal" $server
    tries=0
    while runs && [ $tries -lt 150 ]; do sleep 0.1; tries=$((tries + 1)); done
    if runs; then kill -s KILL $server; fi
    if [ -n "$leftover" ]; then rm -rf "$leftover"; fi
  fi
) & )
exec 3<&-
exec "$@" >"$log" 2>&1
`;

export type GuardedServerOptions = {
  /** The name for messages: "PostgreSQL". */
  name: string;
  command: [file: string, ...args: string[]];
  cwd: string;
  env?: Record<string, string>;
  account: Account | undefined;
  logPath: string;
  stopSignal: 'SIGINT' | 'SIGQUIT' | 'SIGTERM';
  /** A folder that is removed with the server if this process dies. */
  leftover: string | undefined;
};

/** A child process that is stopped when this process ends, even if this process is killed. */
export class GuardedServer {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #options: GuardedServerOptions;
  readonly #exit: Promise<unknown>;
  #isAsked = false;

  private constructor(child: ChildProcess, pid: number, options: GuardedServerOptions) {
    this.pid = pid;
    this.#child = child;
    this.#options = options;
    this.#exit = once(child, 'exit');
    const guard = child.stdio[3] as Writable & { unref(): void };
    // The watcher may have exited before this write, with nothing left to do.
    guard.on('error', () => {});
    void this.#exit.then(() => guard.end('gone\n'));
    guard.unref();
    child.unref();
  }

  static async start(options: GuardedServerOptions): Promise<GuardedServer> {
    const { command, stopSignal, logPath, leftover = '' } = options;
    const signal = stopSignal.slice('SIG'.length);
    const child = spawn('/bin/sh', ['-c', GUARD, 'sh', signal, logPath, leftover, ...command], {
      cwd: options.cwd,
      env: { ...BARE_ENV, ...options.env },
      ...options.account,
      // A process group of its own: Ctrl-C in the terminal does not reach it; we stop it.
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    });
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error(`${options.name} has not started.`);
    return new GuardedServer(child, child.pid, options);
  }

  get hasExited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /**
   * Waits until `isReady` returns true. Throws with the end of the log if the server exits first or is
   * not ready within `timeoutMs`; the latter also stops it.
   */
  async untilReady(isReady: () => Promise<boolean>, timeoutMs: number): Promise<void> {
    const deadline = Date.now() + timeoutMs;
    for (let waitMs = 5; !(await isReady()); waitMs = Math.min(waitMs * 2, 100)) {
      if (this.hasExited) {
        throw new Error(`${this.#options.name} did not start: ${await this.logEnd()}`);
      }
      if (Date.now() > deadline) {
        await this.stop();
        throw new Error(
          `${this.#options.name} was not ready within ${timeoutMs} ms: ${await this.logEnd()}`,
        );
      }
      await Promise.race([delay(waitMs), this.#exit]);
    }
  }

  /** Resolves when the server has exited: `stopped` if it was asked to. */
  async untilExit(): Promise<'stopped' | 'crashed'> {
    await this.#exit;
    return this.#isAsked ? 'stopped' : 'crashed';
  }

  /** The last lines of the server's log. */
  async logEnd(): Promise<string> {
    const log = await readFile(this.#options.logPath, 'utf8').catch(() => '(no log)');
    return log.trim().split('\n').slice(-LOG_LINES_SHOWN).join('\n');
  }

  /** Stops the server gracefully, or kills it after 15 s. */
  async stop(): Promise<void> {
    await this.#end(this.#options.stopSignal);
  }

  /** Kills the server, as in a crash. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    if (this.hasExited) return;
    this.#isAsked = true;
    this.#child.ref();
    this.#child.kill(signal);
    const force = setTimeout(() => this.#child.kill('SIGKILL'), STOP_MS);
    await this.#exit;
    clearTimeout(force);
  }
}
