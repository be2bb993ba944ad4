import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

import { PATIENCE_MS } from '../patience.ts';

// More than the grace that a role gives itself.
const STOP_MS = 40_000;
const OUTPUT_CHARACTERS_KEPT = 100_000;

const running = new Set<TestProcess>();
process.once('exit', () => {
  for (const each of running) each.signalGroup('SIGKILL');
});

/** A program that a test runs beside itself. It ends with the test, however that ends. */
export class TestProcess implements AsyncDisposable {
  /** Resolves with the exit code, or null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Resolves when nothing holds its output any more: it and all that it has started are gone. */
  readonly closed: Promise<unknown>;
  readonly #child: ChildProcess;
  #stdout = '';
  #stderr = '';

  constructor(file: string, args: readonly string[], env: NodeJS.ProcessEnv) {
    this.#child = spawn(file, args, {
      // A Runfleet ends when this pipe closes, so also where this process is killed.
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

  /** Resolves once its output holds `text`; rejects with its last words where it ends before that. */
  async said(text: string): Promise<void> {
    const patience = AbortSignal.timeout(PATIENCE_MS);
    const streams = [this.#child.stdout, this.#child.stderr].filter((stream) => stream !== null);
    while (!this.#stdout.includes(text) && !this.#stderr.includes(text)) {
      if (this.#hasEnded) throw new Error(`It ended before it said "${text}":\n${this.#stderr}`);
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

  /** Resolves once it and all that it has started are gone; rejects with its last words where it failed. */
  async succeeded(): Promise<void> {
    const code = await this.exited;
    if (code !== 0) throw new Error(`It ended with ${String(code)}:\n${this.#stderr}`);
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
      // It has ended just now.
    }
  }

  /** Asks it to stop, so that its servers are gone before their folder is, and ends it where it does not. */
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
