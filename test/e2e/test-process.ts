import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { PATIENCE_MS } from '../patience.ts';

// Longer than a role's grace period.
const STOP_MS = 40_000;
const OUTPUT_CHARACTERS_KEPT = 100_000;

const running = new Set<TestProcess>();
process.once('exit', () => {
  for (const each of running) each.signalGroup('SIGKILL');
});

/** A program that a test runs. It never outlives the test. */
export class TestProcess implements AsyncDisposable {
  /** Resolves with the exit code, or null if a signal ended the program. */
  readonly exited: Promise<number | null>;
  /** Resolves when its output is closed: the program and all of its children have exited. */
  readonly closed: Promise<unknown>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(file, args, {
      // A Runfleet exits when this pipe closes, so also when this process is killed.
      env: { ...env, RUNFLEET_STARTER: `${process.pid}:3` },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    this.exited = once(this.#child, 'exit').then(([code]) => code as number | null);
    this.closed = once(this.#child, 'close');
    for (const ended of [this.exited, this.closed]) ended.catch(() => {});
    this.#child.stdio[3]?.on('error', () => {});
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout = (this.#stdout + text).slice(-OUTPUT_CHARACTERS_KEPT);
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-OUTPUT_CHARACTERS_KEPT);
    });
    running.add(this);
    this.#child.once('exit', () => running.delete(this));
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  /** Resolves once its output contains `text`; rejects with the end of its output if it exits before. */
  async untilPrinted(text: string): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const streams = [this.#child.stdout, this.#child.stderr].filter((stream) => stream !== null);
    while (!this.#stdout.includes(text) && !this.#stderr.includes(text)) {
      if (this.#hasEnded)
        throw new Error(`The program exited before it printed "${text}":\n${this.#stderr}`);
      const settled = new AbortController();
      const signal = AbortSignal.any([patience, settled.signal]);
      const next = [...streams.map((stream) => once(stream, 'data', { signal })), this.exited];
      try {
        await Promise.race(next);
      } finally {
        settled.abort();
        for (const each of next) each.catch(() => {});
      }
    }
  }

  /** Resolves once the program and its children have exited; rejects with its output if it failed. */
  async succeeded(): Promise<void> {
    const code = await this.exited;
    if (code !== 0) throw new Error(`The program exited with ${String(code)}:\n${this.#stderr}`);
    await this.closed;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  signalGroup(signal: NodeJS.Signals): void {
    if (this.#child.pid === undefined || this.#hasEnded) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // It has just exited.
    }
  }

  /** Asks the program to stop, so that its servers exit before their folder is removed; kills it after 40 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) this.kill('SIGTERM');
    await Promise.race([this.closed, delay(STOP_MS, undefined, { ref: false })]);
    this.signalGroup('SIGKILL');
    await this.closed;
  }

  get #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }
}
