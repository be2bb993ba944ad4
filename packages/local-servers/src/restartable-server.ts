import type { GuardedServer } from './guarded-server.ts';
import type { StartedServer } from './local-server.ts';

/** A server whose process can be replaced after it has exited. */
export class RestartableServer {
  readonly #start: () => Promise<GuardedServer>;
  #server: GuardedServer;
  #restart: Promise<unknown> = Promise.resolve();
  #isStopped = false;

  constructor(server: GuardedServer, start: () => Promise<GuardedServer>) {
    this.#server = server;
    this.#start = start;
  }

  get verbs(): Pick<StartedServer, 'kill' | 'logEnd' | 'restart' | 'signal' | 'untilExit'> {
    return {
      kill: () => this.#server.kill(),
      logEnd: () => this.#server.logEnd(),
      restart: () => this.#startAgain(),
      signal: (signal) => this.#server.signal(signal),
      untilExit: async () => {
        const how = await this.#server.untilExit();
        return this.#isStopped ? 'stopped' : how;
      },
    };
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    // A server that is being started must be stopped, too.
    await this.#restart.catch(() => {});
    await this.#server.stop();
  }

  async #startAgain(): Promise<void> {
    if (this.#isStopped) return;
    const restart = this.#start();
    this.#restart = restart;
    this.#server = await restart;
  }
}
