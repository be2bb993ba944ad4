import type { ProcessOptions } from './system-process.ts';
import { SystemProcess } from './system-process.ts';

/** The processes of one system; they stop together. */
export class RunningProcesses implements AsyncDisposable {
  readonly #common: Pick<ProcessOptions, 'environment' | 'logFolder' | 'profileFolder'>;
  readonly all: SystemProcess[] = [];

  constructor(common: Pick<ProcessOptions, 'environment' | 'logFolder' | 'profileFolder'>) {
    this.#common = common;
  }

  async start(
    options: Pick<ProcessOptions, 'name' | 'script' | 'args' | 'readyUrl'> & {
      environment?: Record<string, string>;
    },
  ): Promise<SystemProcess> {
    const environment = { ...this.#common.environment, ...options.environment };
    const started = await SystemProcess.start({ ...this.#common, ...options, environment });
    this.all.push(started);
    return started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((started) => started[Symbol.asyncDispose]()));
  }
}
