import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { freePort } from '@runfleet/local-servers';

import { PATIENCE_MS } from '../patience.ts';

export const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url));
/** The entry point of the command line. */
export const MAIN = fileURLToPath(new URL('../../apps/runfleet/src/main.ts', import.meta.url));
const OUTPUT_CHARACTERS_KEPT = 20_000;

export type Role = 'api' | 'broker' | 'gateway' | 'worker';

const running = new Set<ChildProcess>();
// No role outlives this process, however it ends.
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** One role in its own process, started as an operator would. */
export class RoleProcess implements AsyncDisposable {
  readonly name: Role;
  readonly url: string;
  /** Resolves when the process has exited for any reason. */
  readonly exited: Promise<unknown>;
  readonly #child: ChildProcess;
  #output = '';

  private constructor(name: Role, url: string, child: ChildProcess) {
    this.name = name;
    this.url = url;
    this.#child = child;
    this.exited = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output = (this.#output + text).slice(-OUTPUT_CHARACTERS_KEPT);
      });
    }
  }

  /**
   * Starts `role` with `env` on `port`, or on a free one, and waits until it reports ready. Its output is
   * appended to `logPath`, if given.
   */
  static async start(
    role: Role,
    env: Readonly<Record<string, string>>,
    options: { port?: number | undefined; logPath?: string } = {},
  ): Promise<RoleProcess> {
    const { port = await freePort(0), logPath } = options;
    const child = spawn(process.execPath, ['--import', 'tsx', MAIN, 'start', '--roles', role], {
      cwd: REPOSITORY,
      env: {
        ...process.env,
        ...env,
        [`${role.toUpperCase()}_PORT`]: String(port),
        // The role exits when this pipe closes, so also when this process is killed.
        RUNFLEET_STARTER: `${process.pid}:3`,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    if (logPath !== undefined) {
      const log = createWriteStream(logPath, { flags: 'a' });
      for (const stream of [child.stdout, child.stderr]) stream?.pipe(log, { end: false });
      child.once('close', () => log.end());
    }
    const started = new RoleProcess(role, `http://127.0.0.1:${port}`, child);
    await started.#untilReady();
    return started;
  }

  /** The end of its output, for error messages. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Ends the process as a crash would. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.exited;
  }

  pause(): void {
    this.#child.kill('SIGSTOP');
  }

  resume(): void {
    this.#child.kill('SIGCONT');
  }

  /** Asks the process to stop, and fails if it does not exit cleanly within its grace period. */
  async stop(): Promise<void> {
    if (!this.isRunning) return;
    this.#child.kill('SIGTERM');
    await Promise.race([this.exited, delay(PATIENCE_MS, undefined, { ref: false })]);
    if (this.isRunning) await this.kill();
    else if (this.#child.exitCode === null || this.#child.exitCode === 0) return;
    throw new Error(`${this.name} did not stop gracefully:\n${this.#output}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #untilReady(): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    while (performance.now() < deadline) {
      if (!this.isRunning) {
        const { exitCode } = this.#child;
        throw new Error(`${this.name} exited during its start with ${exitCode}:\n${this.#output}`);
      }
      const isReady = await fetch(`${this.url}/readyz`).then(
        (response) => response.ok,
        () => false,
      );
      if (isReady) return;
      await delay(50);
    }
    await this.kill();
    throw new Error(`${this.name} was not ready within ${PATIENCE_MS} ms:\n${this.#output}`);
  }
}
