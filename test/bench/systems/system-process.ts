import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));
const READY_MS_MAX = 60_000;
const STOP_MS_MAX = 10_000;
const LOG_CHARACTERS_SHOWN = 2_000;

const running = new Set<ChildProcess>();
// No process outlives the benchmark, however it ends.
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export type ProcessOptions = {
  name: string;
  /** The TypeScript file to run, from the repository's root. */
  script: string;
  args?: readonly string[];
  environment: Record<string, string>;
  logFolder: string;
  /** Answers 200 once the process accepts work. If absent, the process prints `ready` instead. */
  readyUrl?: string;
  /** The process writes a CPU profile there when it stops. */
  profileFolder: string | undefined;
};

/** One process of a system under test. */
export class SystemProcess implements AsyncDisposable {
  readonly name: string;
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #logPath: string;

  private constructor(name: string, child: ChildProcess, logPath: string) {
    if (child.pid === undefined) throw new Error(`${name} could not be started.`);
    this.name = name;
    this.pid = child.pid;
    this.#child = child;
    this.#logPath = logPath;
  }

  static async start(options: ProcessOptions): Promise<SystemProcess> {
    const { name, script, args = [], environment, logFolder, profileFolder } = options;
    const logPath = join(logFolder, `${name}.log`);
    const profiling = profileFolder
      ? ['--cpu-prof', `--cpu-prof-dir=${profileFolder}`, `--cpu-prof-name=${name}.cpuprofile`]
      : [];
    const child = spawn(process.execPath, [...profiling, '--import', 'tsx', script, ...args], {
      cwd: REPOSITORY,
      // A minimal environment: a setting of the shell must not change a measurement.
      env: { PATH: process.env['PATH'], NODE_ENV: 'production', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.add(child);
    child.once('exit', () => running.delete(child));
    const log = createWriteStream(logPath, { flags: 'a' });
    let printed = '';
    child.stdout.on('data', (data: Buffer) => {
      if (printed.length < 1_000) printed += data.toString();
      log.write(data);
    });
    child.stderr.on('data', (data: Buffer) => log.write(data));

    const started = new SystemProcess(name, child, logPath);
    const isReady = async () => {
      if (options.readyUrl === undefined) return printed.includes('ready');
      const answer = await fetch(options.readyUrl).catch(() => null);
      await answer?.body?.cancel();
      return answer?.ok === true;
    };
    await started.#untilReady(isReady);
    return started;
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Ends the process at once with SIGKILL, as a power loss would. */
  async kill(): Promise<void> {
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const child = this.#child;
    if (this.hasEnded) return;
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
    await exit;
    clearTimeout(force);
  }

  async #untilReady(isReady: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + READY_MS_MAX;
    while (!(await isReady())) {
      if (this.#child.exitCode !== null || performance.now() > deadline) {
        await this[Symbol.asyncDispose]();
        const log = await readFile(this.#logPath, 'utf8').catch(() => '');
        throw new Error(`${this.name} did not start:\n${log.slice(-LOG_CHARACTERS_SHOWN)}`);
      }
      await delay(20);
    }
  }
}
