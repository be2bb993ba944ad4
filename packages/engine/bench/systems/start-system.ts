// For peers that bring their own ONNX Runtime.
import '../../src/runtime/turn-off-telemetry.ts';
import { type ChildProcess, fork, spawn } from 'node:child_process';
import { on, once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

import type { Answer, BenchRequest, Decoded, Decoding } from '../protocol.ts';

/** How requests reach a process and answers come back. */
type Channel = { send(request: BenchRequest): void; next(): Promise<unknown> };

/** A measured system, in a process of its own that shares nothing with the others. */
export class System implements AsyncDisposable {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #channel: Channel;

  private constructor(name: string, child: ChildProcess, channel: Channel) {
    this.name = name;
    this.#process = child;
    this.#channel = channel;
  }

  /** `script` is a file of this folder. Rejects if the process ends before it is ready. */
  static async start(name: string, script: string, args: readonly string[]): Promise<System> {
    const child = fork(pathOf(script), args, { execArgv: ['--import', 'tsx'] });
    return System.#ready(name, child, {
      send: (request) => child.send(request),
      next: async () => ((await once(child, 'message')) as unknown[])[0],
    });
  }

  /** The same for a Python script, whose requests and answers are lines. */
  static async startPython(
    name: string,
    python: string,
    args: readonly [script: string, ...rest: string[]],
  ): Promise<System> {
    const [script, ...rest] = args;
    const child = spawn(python, [pathOf(script), ...rest], { stdio: ['pipe', 'pipe', 'ignore'] });
    const lines = on(createInterface({ input: child.stdout }), 'line');
    return System.#ready(name, child, {
      send: (request) => child.stdin.write(`${JSON.stringify(request)}\n`),
      next: async () => JSON.parse(String(((await lines.next()).value as unknown[])[0])) as unknown,
    });
  }

  async decode(what: 'decode' | 'bare', decoding: Decoding): Promise<Decoded> {
    const answer = await this.#request({ ...decoding, do: what });
    if ('decoded' in answer) return answer.decoded;
    throw new Error(`${this.name} did not decode: ${JSON.stringify(answer)}`);
  }

  /** Milliseconds. */
  async stall(decoding: Decoding): Promise<number> {
    const answer = await this.#request({ ...decoding, do: 'stall' });
    if ('stallMs' in answer) return answer.stallMs;
    throw new Error(`${this.name} did not decode: ${JSON.stringify(answer)}`);
  }

  async continue(prompts: readonly (readonly number[])[], tokens: number): Promise<number[][]> {
    const answer = await this.#request({ do: 'continue', prompts, tokens });
    if ('ids' in answer) return answer.ids;
    throw new Error(`${this.name} did not continue: ${JSON.stringify(answer)}`);
  }

  /** Nats. */
  async loss(ids: readonly number[]): Promise<number> {
    const answer = await this.#request({ do: 'loss', ids });
    if ('loss' in answer) return answer.loss;
    throw new Error(`${this.name} did not read: ${JSON.stringify(answer)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.removeAllListeners();
    this.#process.kill('SIGKILL');
  }

  static async #ready(name: string, child: ChildProcess, channel: Channel): Promise<System> {
    const system = new System(name, child, channel);
    await system.#next();
    return system;
  }

  async #request(request: BenchRequest): Promise<Answer> {
    const answer = this.#next();
    this.#channel.send(request);
    return (await answer) as Answer;
  }

  async #next(): Promise<unknown> {
    const settled = new AbortController();
    const ended = once(this.#process, 'exit', { signal: settled.signal }).then(([code]) => {
      throw new Error(`${this.name} ended with exit code ${String(code)}.`);
    });
    try {
      return await Promise.race([this.#channel.next(), ended]);
    } finally {
      ended.catch(() => {});
      settled.abort();
    }
  }
}

function pathOf(script: string): string {
  return fileURLToPath(new URL(script, import.meta.url));
}
