import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { Health } from './health.ts';

/**
 * The time between a request to stop and closing the port. /readyz tells proxies to stop sending,
 * and every response ends its connection, so that none is in use when the port closes. Calls
 * within this time are served.
 */
export class StopNotice {
  readonly #server: Server;
  readonly #health: Health;
  readonly #noticeMs: number;
  #given: Promise<void> | null = null;

  constructor(server: Server, options: { health: Health; noticeMs: number }) {
    this.#server = server;
    this.#health = options.health;
    this.#noticeMs = options.noticeMs;
  }

  /** Resolves when the port may be closed. Concurrent callers share one notice. */
  give(): Promise<void> {
    this.#given ??= this.#wait();
    return this.#given;
  }

  async #wait(): Promise<void> {
    this.#health.stop();
    this.#server.prependListener('request', (_request, response) => {
      response.setHeader('connection', 'close');
    });
    if (this.#noticeMs > 0) await delay(this.#noticeMs);
    // Right after the event loop has polled, when hardly any connection waits to be accepted.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
