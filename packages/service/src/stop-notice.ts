import type { Server } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';

import type { Health } from './health.ts';

/**
 * The time between being asked to stop and closing the port. Proxies learn from /readyz that nothing
 * more is to be sent here, and every answer ends its connection, so that none of them is in use when
 * the port closes. What comes in the meantime is served as ever.
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

  /** Resolves when the port may be closed; several callers share one notice. */
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
    // Right after the loop has looked for connections, so that hardly one is waiting to be accepted.
    await new Promise((resolve) => setImmediate(resolve));
  }
}
