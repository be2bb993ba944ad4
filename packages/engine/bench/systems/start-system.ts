import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Answer, Ask, Decoded } from '../protocol.ts';

/** A measured system, in a process of its own from which nothing of the others can be seen. */
export class System implements AsyncDisposable {
  readonly name: string;
  readonly #process: ChildProcess;

  private constructor(name: string, child: ChildProcess) {
    this.name = name;
    this.#process = child;
  }

  /** `script` is a file of this folder. Rejects where the process ends before it is ready. */
  static async start(name: string, script: string, args: readonly string[]): Promise<System> {
    const path = fileURLToPath(new URL(script, import.meta.url));
    const child = fork(path, args, { execArgv: ['--import', 'tsx'] });
    const system = new System(name, child);
    await system.#next();
    return system;
  }

  async decode(ask: Ask & { do: 'decode' | 'bare' }): Promise<Decoded> {
    const answer = await this.#ask(ask);
    if ('decoded' in answer) return answer.decoded;
    throw new Error(`${this.name} did not decode: ${JSON.stringify(answer)}`);
  }

  async continue(prompts: readonly (readonly number[])[], tokens: number): Promise<number[][]> {
    const answer = await this.#ask({ do: 'continue', prompts, tokens });
    if ('ids' in answer) return answer.ids;
    throw new Error(`${this.name} did not continue: ${JSON.stringify(answer)}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.removeAllListeners();
    this.#process.kill('SIGKILL');
  }

  #ask(ask: Ask): Promise<Answer> {
    this.#process.send(ask);
    return this.#next() as Promise<Answer>;
  }

  #next(): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const ended = (code: number | null) =>
        reject(new Error(`${this.name} ended with exit code ${code}.`));
      this.#process.once('exit', ended);
      this.#process.once('message', (message) => {
        this.#process.off('exit', ended);
        resolve(message);
      });
    });
  }
}
